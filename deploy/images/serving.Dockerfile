# What answers: the requirements of the Bento and the code that follows a slot; the Bentos come from a shared folder.
# Build from the root of the checkout: docker build -f deploy/images/serving.Dockerfile -t recops-serving .
FROM python:3.11-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
# Annoy is built for the CPU at hand unless told otherwise, and would crash on an older one.
ENV ANNOY_COMPILER_ARGS="-D_CRT_SECURE_NO_WARNINGS,-DANNOYLIB_MULTITHREADED_BUILD,-std=c++14,-O3,-ffast-math"
COPY requirements-serving.lock /build/
RUN python -m venv /opt/recops && /opt/recops/bin/pip install --no-cache-dir --require-hashes -r /build/requirements-serving.lock

FROM python:3.11-slim
RUN useradd --uid 10001 --create-home recops && mkdir -p /state/bentoml /state/slots && chown -R recops /state
COPY --from=build /opt/recops /opt/recops
COPY components /app/components
COPY monitoring /app/monitoring
COPY bentos /app/bentos
ENV PATH=/opt/recops/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 \
    RECOPS_PROJECT=/app RECOPS_HOME=/state RECOPS_HOST=0.0.0.0 RECOPS_PROCESSES=containers RECOPS_DEMO=false \
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 BENTOML_DO_NOT_TRACK=true OTEL_SDK_DISABLED=true
RUN python -m compileall -q /app
USER 10001
WORKDIR /state
ENTRYPOINT ["python", "-m", "bentos.follow_slot"]
