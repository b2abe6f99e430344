"""What happens by itself: `timetable.py` is the whole timetable, `runner.py` runs and logs, one file per job.

What must be done is always a row of ours (an instruction, an event, a message, a deadline), taken in batches with
`FOR UPDATE SKIP LOCKED`: a job that dies half-way loses nothing and repeats nothing, and several workers are safe. The
job library (Procrastinate, on the same PostgreSQL) only wakes the jobs. Open `timetable.py` first.
"""
