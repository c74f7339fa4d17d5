# The demo in a container, as a user without rights:
#   docker build -t segpredict . && docker run --rm -v "$PWD/shop:/data" segpredict
# Your own file:
#   docker run --rm -v "$PWD/shop:/data" segpredict run --data sales.csv --out may
# The service: examples/service/compose.yaml
# The mounted folder must be writable for the user 10001. On Linux the package depends on
# xgboost-cpu, which brings no GPU libraries.
FROM python:3.13-slim AS build
COPY . /source
ARG EXTRAS=serve
RUN pip wheel --no-cache-dir --wheel-dir /wheels "/source[$EXTRAS]"

FROM python:3.13-slim
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index /wheels/*.whl
RUN useradd --uid 10001 --create-home segpredict && install -d -o segpredict /data
USER segpredict
WORKDIR /data
ENV MPLBACKEND=Agg OMP_WAIT_POLICY=PASSIVE
ENTRYPOINT ["segpredict"]
CMD ["demo", "--out", "demo"]
