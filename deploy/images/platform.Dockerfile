# What trains, promotes and watches: Prefect, MLflow, DVC, Envoy and the command line.
# Build from the root of the checkout: docker build -f deploy/images/platform.Dockerfile -t recops-platform .
FROM python:3.11-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
ENV ANNOY_COMPILER_ARGS="-D_CRT_SECURE_NO_WARNINGS,-DANNOYLIB_MULTITHREADED_BUILD,-std=c++14,-O3,-ffast-math"
COPY requirements.lock requirements-production.lock /build/
RUN python -m venv /opt/recops \
    && /opt/recops/bin/pip install --no-cache-dir uv==0.13.9 \
    && VIRTUAL_ENV=/opt/recops /opt/recops/bin/uv pip install --no-cache --require-hashes -r /build/requirements.lock \
    && VIRTUAL_ENV=/opt/recops /opt/recops/bin/uv pip install --no-cache --require-hashes -r /build/requirements-production.lock

FROM python:3.11-slim
RUN apt-get update && apt-get install --yes --no-install-recommends git libgomp1 && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home recops && mkdir -p /state && chown -R recops /state
COPY --from=build /opt/recops /opt/recops
COPY . /app
# The folder carries no .git: the commit that the image was built from is told, and vouches for the code.
ARG GIT_COMMIT
RUN VIRTUAL_ENV=/opt/recops /opt/recops/bin/uv pip install --no-deps --editable /app && chown -R recops /app
ENV PATH=/opt/recops/bin:$PATH PYTHONUNBUFFERED=1 RECOPS_PROJECT=/app RECOPS_HOME=/state RECOPS_HOST=0.0.0.0 \
    RECOPS_DEMO=false RECOPS_PROCESSES=containers RECOPS_GIT_COMMIT=$GIT_COMMIT \
    DO_NOT_TRACK=1 PREFECT_SERVER_ANALYTICS_ENABLED=false MLFLOW_DISABLE_TELEMETRY=true DVC_NO_ANALYTICS=1 \
    BENTOML_DO_NOT_TRACK=true OTEL_SDK_DISABLED=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
USER 10001
WORKDIR /app
ENTRYPOINT ["recops"]
