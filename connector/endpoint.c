/* SPDX-License-Identifier: MIT */
/* connector/endpoint.c -- kms_core_endpoints, one shard at a time; and ports alone. */
#include "connector/endpoint.h"
#include <stdlib.h>

static err one(endpoint *out, slice text)
{
	static const char SCHEME[] = "http://";
	char copy[MAX_ENDPOINT_HOST + 32], *end;

	if (text.n >= sizeof copy) return err_fail(ERR_REQUEST, "kms_core_endpoints: an endpoint is longer than %zu characters", sizeof copy - 1);
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (strncmp(copy, SCHEME, sizeof SCHEME - 1))
		return err_fail(ERR_REQUEST, "kms_core_endpoints: %s is no http://host:port; a node's service port speaks plain HTTP/2", copy);
	char *host = copy + sizeof SCHEME - 1, *colon = strrchr(host, ':');
	const unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
	if (!colon || colon == host || port == 0 || port > UINT16_MAX || (*end && strcmp(end, "/")))
		return err_fail(ERR_REQUEST, "kms_core_endpoints: %s has no host and port; http://127.0.0.1:50051 has", copy);
	*colon = '\0';
	if (*host == '[' && colon[-1] == ']') host++, colon[-1] = '\0';
	const size_t n = strlen(host);
	if (n >= sizeof out->host) return err_fail(ERR_REQUEST, "kms_core_endpoints: a host's name is longer than %zu characters", sizeof out->host - 1);
	memcpy(out->host, host, n + 1);
	out->port = (unsigned)port;
	return OK;
}

err endpoints_of(endpoint out[static MAX_SHARD_ENDPOINTS], unsigned *n, const char *shard)
{
	*n = 0;
	for (const char *end; ; shard = end + 1) {
		end = strchrnul(shard, '|');
		if (*n == MAX_SHARD_ENDPOINTS)
			return err_fail(ERR_REQUEST, "kms_core_endpoints: a shard has at most %d endpoints", MAX_SHARD_ENDPOINTS);
		TRY(one(&out[*n], slice_of(shard, (size_t)(end - shard))));
		++*n;
		if (!*end) return OK;
	}
}

bool port_read(unsigned *out, const char *text)
{
	char *end;
	const unsigned long port = *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : 0;

	if (port == 0 || port > UINT16_MAX || *end) return false;
	*out = (unsigned)port;
	return true;
}
