"""The Stripe adapter against a process of our own that speaks Stripe's HTTP API."""
