/* SPDX-License-Identifier: MIT */
/* rpc/fetch.h -- HTTP for the command line: public keys and key sets by their URL, and questions in JSON. */
#ifndef ARCA_RPC_FETCH_H
#define ARCA_RPC_FETCH_H

#include "base/base.h"

/* Does this name start like a URL that fetch_url takes: http:// or https://? */
bool fetch_is_url(const char *name);

/* The TCP port of a URL's server; 0: it names none. */
unsigned fetch_port(const char *url);

/* Those of the environment's proxies; how many there are. */
enum { FETCH_PROXIES = 5 };
size_t fetch_proxy_ports(unsigned out[static FETCH_PROXIES]);

/*
 * Appends the body of the resource to *out, which is as before after an error.  Follows up to five redirects within
 * http and https.  ERR_REQUEST if it is longer than max bytes or the URL is malformed; ERR_NOT_FOUND for 404;
 * ERR_IO for everything else, with the URL and the reason.  timeout_ms bounds the whole transfer.
 * Proxies are the environment's (http_proxy, https_proxy, no_proxy); 127.0.0.1, localhost and ::1 never pass one.
 */
err  fetch_url(buf *out, const char *url, size_t max, int64_t timeout_ms);

/* The same for what is too large to be had at once: take(ctx, piece) gets it in order, and ends the transfer by false.
 * What was taken is worth something only if this returns OK. */
err  fetch_pieces(const char *url, size_t max, int64_t timeout_ms, bool (*take)(void *ctx, slice piece), void *ctx);

/*
 * Asks and takes whatever is answered: *status, and the body appended to *out.  json NULL: GET, otherwise POST; authorization
 * NULL: none.  No redirects.  ERR_REQUEST if the URL is malformed or the answer longer than max; ERR_IO if there is none.
 */
err  fetch_ask(buf *out, unsigned *status, const char *url, const char *authorization, const slice *json, size_t max,
               int64_t timeout_ms);

#endif
