/* SPDX-License-Identifier: MIT */
/* rpc/listen.h -- sockets that listen and sockets that connect, with sentences for what goes wrong. */
#ifndef ARCA_RPC_LISTEN_H
#define ARCA_RPC_LISTEN_H

#include "base/base.h"

/* *fd = a non-blocking socket listening on address and port, *bound = its port (port 0: any free one). */
err  listen_on(int *fd, unsigned *bound, const char *address, unsigned port);

/* *fd = a non-blocking socket connected to the first address of host that answers within timeout_ms.  Blocks. */
err  connect_to(int *fd, const char *host, unsigned port, int64_t timeout_ms);

#endif
