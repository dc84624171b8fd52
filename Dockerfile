# The whole report with Docker alone; the rendered book comes out in _build/quick/_build/html:
#   docker build -t kwslib . && docker run --rm -v "$PWD/_build:/kwslib/_build" kwslib
# Any other task by its name: docker run --rm kwslib make verify
# hadolint ignore=DL3029
FROM --platform=linux/amd64 debian:bookworm-slim AS tools
# libgl1 and libglib2.0-0 are for OpenCV, which onnx2tf imports
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates gcc git libc6-dev libgl1 libglib2.0-0 make python3-venv \
    && rm -rf /var/lib/apt/lists/*
# PyPI's torch for Linux carries CUDA
ENV UV_TORCH_BACKEND=cpu

FROM tools
WORKDIR /kwslib
COPY . .
RUN make setup
CMD ["make", "report"]
