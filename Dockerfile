# Muster in a container: `docker run muster scheduler --host 0.0.0.0`, `docker run muster worker ws://…`.
# BASE needs no more than a glibc, a shell with its usual commands, and Node (22.18 or later) with npm.
ARG BASE=node:24-slim

# What the image keeps of packages. It only depends on the lock file: a change of the code leaves this layer as it is.
FROM ${BASE} AS packages
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM packages AS build
# The compiler comes ready to run, and nothing else of what is only for development is wanted here: no script has to.
RUN npm ci --ignore-scripts --no-audit --no-fund && npm cache clean --force
COPY . .
RUN npm run build && chmod 0755 dist/cli/main.js

FROM ${BASE}
# A user by number needs no entry in the base image's user list, and no tool to make one.
WORKDIR /home/muster
RUN chown 10001:10001 /home/muster \
  && mkdir -p /usr/local/bin && ln -s /opt/muster/dist/cli/main.js /usr/local/bin/muster
COPY --from=packages /build/package.json /opt/muster/package.json
COPY --from=packages /build/node_modules /opt/muster/node_modules
COPY --from=build /build/dist /opt/muster/dist
USER 10001:10001
ENV NODE_ENV=production HOME=/home/muster
ENTRYPOINT ["muster"]
