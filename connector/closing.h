/* SPDX-License-Identifier: MIT */
/*
 * connector/closing.h -- what a connector of this configuration and of these roles needs of the machine and of the network; all else
 * the kernel is asked to refuse it (base/sandbox.h), unless internal_config.sandbox is false.
 *
 *   files        the folder of a SQLite database, written; what libpq reads; the folder of AWS's credentials, which are read again when
 *                they expire.  The configuration and the wallet's key are closed: they have been read
 *   ports        it listens at monitoring_endpoint's.  It reaches those of the chains, the database, the nodes, the collector of
 *                traces, AWS KMS, proxies and name servers.  A worker's buckets are named by the chain, at any port: so a worker reaches
 *                any, unless s3_ports says which
 */
#ifndef ARCA_CONNECTOR_CLOSING_H
#define ARCA_CONNECTOR_CLOSING_H

#include "connector/config.h"

/* Before the first thread.  ERR_STATE with a remedy if the kernel has the means and refuses. */
err  closing_begin(const connector_config *c, unsigned played);

/* Once all is started: no port is opened any more. */
err  closing_end(const connector_config *c);

/* For tests: the ports of others, each once; how many, or 0: any. */
enum { CLOSING_PORTS = 256 };
size_t closing_ports(unsigned out[static CLOSING_PORTS], const connector_config *c, unsigned played);

#endif
