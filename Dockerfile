# Sprintboard's image: one for web, worker and beat. docker-compose.yml says what each runs.
# Everything that changes lies in volumes: the root file system may be read-only.

# 1. What browsers load, from npm's lock file
FROM node:22-bookworm-slim AS front-end
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund

# 2. Python packages by hash, and the collected static files
FROM python:3.11-slim-trixie AS build
ENV PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1 STATIC_ROOT=/app/collected
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements/base.txt requirements/base.txt
RUN pip install --require-hashes --only-binary :all: --no-deps -r requirements/base.txt
COPY --from=front-end /app/node_modules node_modules
COPY . .
# Embedded mode needs no secret for this; the key file that it makes stays out of the image.
RUN SPRINTBOARD_HOME=/tmp/build python manage.py collectstatic --noinput -v0 \
    && python -m compileall -q activity people live notifications conversation campaigns backlog \
        requests_intake reviews sprintboard \
    && rm -rf /tmp/build node_modules

# 3. What runs. PostgreSQL's client programs are for `manage.py backup` and `restore`.
FROM python:3.11-slim-trixie
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 sprintboard \
    && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/sprintboard --create-home \
        sprintboard \
    && install -d -o sprintboard -g sprintboard -m 0750 /var/lib/sprintboard /var/backups/sprintboard
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    SPRINTBOARD_MODE=production SPRINTBOARD_HOME=/var/lib/sprintboard STATIC_ROOT=/app/collected \
    RUNTIME_DIRECTORY=/tmp SPRINTBOARD_HOST=0.0.0.0 PORT=8000
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
USER sprintboard
VOLUME ["/var/lib/sprintboard", "/var/backups/sprintboard"]
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-m", "sprintboard.server.probe", "web"]
CMD ["python", "-m", "sprintboard.server"]
