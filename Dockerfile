# Muster in a container: `docker run muster scheduler --host 0.0.0.0`, `docker run muster worker ws://…`.
# BASE needs no more than a glibc and Node (22.18 or later) with npm.
ARG BASE=node:24-slim

FROM ${BASE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${BASE}
ENV NODE_ENV=production
COPY --from=build /build/package.json /opt/muster/package.json
COPY --from=build /build/node_modules /opt/muster/node_modules
COPY --from=build /build/dist /opt/muster/dist
# A user by number needs no entry in the base image's user list, and no tool to make one.
WORKDIR /home/muster
RUN chown 10001:10001 /home/muster \
  && chmod 0755 /opt/muster/dist/cli/main.js \
  && mkdir -p /usr/local/bin && ln -s /opt/muster/dist/cli/main.js /usr/local/bin/muster
USER 10001:10001
ENV HOME=/home/muster
ENTRYPOINT ["muster"]
