/* SPDX-License-Identifier: MIT */
/* rpc/fetch_ports.c -- which ports of others transfers go to. */
#include "rpc/fetch.h"
#include <curl/curl.h>
#include <stdlib.h>

enum { PROXY_PORT = 1080 };              /* libcurl's, of a proxy whose port is not named */

static unsigned port_of(const char *url, unsigned parse, unsigned get)
{
	CURLU *u = curl_url();
	char *text = NULL;
	unsigned port = 0;

	if (u && curl_url_set(u, CURLUPART_URL, url, parse) == CURLUE_OK && curl_url_get(u, CURLUPART_PORT, &text, get) == CURLUE_OK)
		port = (unsigned)strtoul(text, NULL, 10);
	curl_free(text);
	curl_url_cleanup(u);
	return port;
}

unsigned fetch_port(const char *url) { return port_of(url, 0, CURLU_DEFAULT_PORT); }

size_t fetch_proxy_ports(unsigned out[static FETCH_PROXIES])
{
	static const char *const VARIABLES[FETCH_PROXIES] = { "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" };
	size_t n = 0;

	for (size_t i = 0; i < FETCH_PROXIES; i++) {
		const char *proxy = getenv(VARIABLES[i]);
		if (!proxy || !proxy[0]) continue;
		out[n] = port_of(proxy, CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME, 0);
		if (!out[n]) out[n] = strncmp(proxy, "https:", 6) ? PROXY_PORT : 443;
		n++;
	}
	return n;
}
