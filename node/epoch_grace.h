/* SPDX-License-Identifier: MIT */
/*
 * node/epoch_grace.h -- superseded epochs (superseded.h) answer for a time, and then the node destroys them itself.
 *
 * Shares of one epoch do not fit those of another, so what an adversary has of an old one is worth nothing once the others
 * have erased theirs: security against one who moves from party to party counts from there.  For `grace_ms` after it was
 * superseded an epoch is as any other.  Then nobody new gets hold of it; those who do end their work; and it is destroyed as
 * by DestroyMpcEpoch, with the same record and count.  It is not while
 *
 *   something is made, stored or destroyed anywhere in the table of epochs      tried again a second later
 *   one of its keys has not come to a later epoch, or to other parties          said once; it stays
 *   a new share cannot be read from the disk                                    said, and tried again, every minute
 *
 * A node that gave all its keys to parties of whom it is none has no epoch in the end.  Parties do this each by its own clock.
 * A wrong clock can make it early, which old requests suffer from and no key: its new shares were read from the disk before.
 *
 * One thread, which looks once a second.
 */
#ifndef ARCA_NODE_EPOCH_GRACE_H
#define ARCA_NODE_EPOCH_GRACE_H

#include "node/cluster.h"
#include "node/metrics.h"

typedef struct epoch_grace epoch_grace;

/* Owned by others, and outlives it. */
typedef struct epoch_grace_parts {
	cluster *cluster;
	metrics *metrics;
	const clock_source *clock;
	int64_t  grace_ms;                   /* above 0 */
} epoch_grace_parts;

/* A thread begins.  ERR_NOMEM. */
err  epoch_grace_start(epoch_grace **out, const epoch_grace_parts *parts);
void epoch_grace_stop(epoch_grace **g);              /* NULL-safe */

/* Appends until when superseded epochs answer, for Prometheus.  Any thread. */
void epoch_grace_metrics(buf *out, cluster *c);

#endif
