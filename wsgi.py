"""The web process: ``gunicorn wsgi:application``."""

import gc

from app import create_app

application = create_app()
# What is loaded once is no garbage; to look through it anew stopped a request for 0.3 s each time.
gc.collect()
gc.freeze()
