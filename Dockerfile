# One image, many commands: `ingest`, `worker`, `console`, `topics create`, `settings apply` …
FROM python:3.13-slim AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /app
RUN pip install --no-cache-dir uv==0.13.9
# Packages first: they change less often than our code, and the layer is kept.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --extra postgres --no-install-project
COPY LICENSE README.md ./
COPY schemas schemas
COPY projections projections
COPY streams streams
COPY simulation simulation
COPY console console
COPY cli cli
RUN uv sync --frozen --no-dev --extra postgres --no-editable

FROM python:3.13-slim
RUN groupadd --gid 10001 subfold \
    && useradd --uid 10001 --gid subfold --no-create-home --shell /usr/sbin/nologin subfold \
    && install --directory --owner=subfold --group=subfold --mode=700 /var/lib/subfold
COPY --from=build /app/.venv /app/.venv
# The file system is meant to be read-only: what little is written goes to /tmp, and what the console
# keeps to a volume at /var/lib/subfold.
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp \
    HEALTH_URL=http://127.0.0.1:8080/livez SUBFOLD_CONSOLE__DATA=/var/lib/subfold
WORKDIR /tmp
USER 10001:10001
EXPOSE 8080 8081 8090
# Each service names its own door: 8080 for ingest, 8081 for the worker, 8090 for the console.
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(os.environ['HEALTH_URL'], timeout=3)"]
ENTRYPOINT ["subfold"]
CMD ["--help"]
