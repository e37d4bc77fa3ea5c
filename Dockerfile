# The images of the worker and of the sample service: one static binary each, not root.
#
#   docker build --target worker --build-arg VERSION=v1.2.3 -t perdure .
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
# What perdure version prints, and what a deployment tells this build from others by.
ARG VERSION
ENV CGO_ENABLED=0 GOCACHE=/var/cache/go-build
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/var/cache/go-build \
    go build -trimpath -ldflags="-s -w -X github.com/perdure-dev/perdure/internal/program.version=${VERSION}" -o /out/ ./cmd/perdure ./examples/jobservice/cmd/jobservice
# What a volume has when it is first mounted: owned by who runs the image.
RUN mkdir -p /out/data

FROM gcr.io/distroless/static-debian12:nonroot AS sample
COPY --from=build /out/jobservice /usr/local/bin/jobservice
EXPOSE 8000
ENTRYPOINT ["/usr/local/bin/jobservice"]

FROM gcr.io/distroless/static-debian12:nonroot AS worker
COPY --from=build /out/perdure /usr/local/bin/perdure
COPY --from=build --chown=nonroot:nonroot /out/data /var/lib/perdure
EXPOSE 9464
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=12 CMD ["/usr/local/bin/perdure", "ready"]
ENTRYPOINT ["/usr/local/bin/perdure"]
CMD ["worker"]
