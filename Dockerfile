# One image for web, worker, beat and migrations; compose.yaml says which is which.
FROM python:3.13-slim AS build
WORKDIR /app
RUN python -m venv /venv
COPY requirements.lock ./
RUN /venv/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r requirements.lock

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /app mdk
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data
# Static files and translations are part of the image; neither needs an engine nor a secret of the site.
RUN mkdir -p /data && chown mdk /data \
 && DJANGO_SETTINGS_MODULE=config.settings.local python manage.py messages --compile \
 && DJANGO_SETTINGS_MODULE=config.settings.production MDK_SECRET_KEY=build-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ \
    MDK_ALLOWED_HOSTS=build.invalid DATABASE_URL=postgresql://build@localhost/build REDIS_URL=redis://localhost:6379 \
    python manage.py collectstatic --noinput --verbosity 0
ENV DJANGO_SETTINGS_MODULE=config.settings.production
USER mdk
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
# The proxy ends TLS and passes X-Forwarded-For and X-Forwarded-Proto; MDK_PROXIES names the proxies that are believed.
CMD ["sh", "-c", "exec uvicorn config.asgi:application --host 0.0.0.0 --port 8000 --workers ${MDK_WEB_PROCESSES:-2} --proxy-headers --forwarded-allow-ips ${MDK_PROXIES:-127.0.0.1} --timeout-graceful-shutdown 5 --no-access-log"]
