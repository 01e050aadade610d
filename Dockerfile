# Sprintboard's image: one for web, worker and beat. docker-compose.yml says what each runs.
FROM node:22-slim AS front-end
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 \
    SPRINTBOARD_HOME=/var/lib/sprintboard STATIC_ROOT=/app/collected
RUN useradd --system --uid 10001 --home-dir /var/lib/sprintboard --create-home sprintboard
WORKDIR /app
COPY requirements/base.txt requirements/base.txt
RUN pip install --require-hashes --only-binary :all: --no-deps -r requirements/base.txt
COPY --from=front-end /app/node_modules node_modules
COPY . .
# Embedded mode needs no secret for this; the key file that it makes stays out of the image.
RUN SPRINTBOARD_HOME=/tmp/build python manage.py collectstatic --noinput -v0 \
    && python -m compileall -q . && rm -rf /tmp/build
USER sprintboard
ENV SPRINTBOARD_MODE=production SPRINTBOARD_HOST=0.0.0.0 PORT=8000
EXPOSE 8000
CMD ["python", "-m", "sprintboard.server"]
