/* SPDX-License-Identifier: MIT */
/*
 * connector/monitor.h -- how a connector fares, over HTTP: /metrics, /healthz, /liveness, /version, by the reference's names,
 * and /health, /live, /ready as nodes have them: a word, or what is amiss, and JSON for who asks for it.
 *
 * Healthy is who reaches the database, the chain and, as a worker, the nodes.  Nothing here prints a configuration.
 */
#ifndef ARCA_CONNECTOR_MONITOR_H
#define ARCA_CONNECTOR_MONITOR_H

#include "connector/roles.h"
#include "rpc/http.h"

/* Address and port of monitoring_endpoint.  ERR_REQUEST: it is no address:port. */
enum { MONITOR_ADDRESS = 256 };
err  monitor_place(char address[static MONITOR_ADDRESS], unsigned *port, const connector_config *c);

/* Listens on monitoring_endpoint.  ERR_REQUEST: it is no address:port; ERR_IO: it is taken. */
err  monitor_new(http_server **out, roles *r);

/* What /metrics answers, appended. */
void monitor_metrics(buf *out, roles *r);

/* What /healthz answers; is it well? */
bool monitor_health(buf *out, roles *r);

#endif
