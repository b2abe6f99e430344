"""The site for a WSGI server (`gunicorn wsgi:app`) and for `flask --app wsgi …`."""

from app import create_app

app = create_app()
