# Stage 1: the locked packages, in a virtual environment.
FROM python:3.13-slim-bookworm AS packages
WORKDIR /srv/blao
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.lock ./
RUN python -m venv .venv && .venv/bin/pip install --require-hashes -r requirements.lock

# Stage 2: the pages' scripts and style, built with the Node.js among the packages.
FROM packages AS pages
COPY deploy/pages.sh deploy/pages.sh
COPY app/web/assets app/web/assets
RUN sh deploy/pages.sh

# Stage 3: the code, run by a user who may change none of it.
FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /srv/blao --shell /usr/sbin/nologin blao
WORKDIR /srv/blao
COPY --from=packages /srv/blao/.venv .venv
COPY alembic.ini wsgi.py pyproject.toml README.md ./
COPY migrations migrations
COPY workers workers
COPY app app
COPY --from=pages /srv/blao/app/web/built app/web/built
RUN .venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && mkdir var .numba && chown blao var .numba
ENV PATH=/srv/blao/.venv/bin:$PATH PYTHONUNBUFFERED=1 NUMBA_CACHE_DIR=/srv/blao/.numba
USER blao
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
CMD ["gunicorn", "wsgi:application", "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--graceful-timeout", "10", "--no-control-socket", "--bind", "0.0.0.0:8000"]
