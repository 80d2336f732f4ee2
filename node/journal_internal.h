/* SPDX-License-Identifier: MIT */
/* node/journal_internal.h -- what journal.c and journal_rewrite.c share. */
#ifndef ARCA_NODE_JOURNAL_INTERNAL_H
#define ARCA_NODE_JOURNAL_INTERNAL_H

#include <pthread.h>
#include "node/journal.h"

struct journal {
	pthread_mutex_t lock;
	char     *path;
	requests *table;
	int       fd;
	uint64_t  size;                    /* whole records end here */
	uint64_t  durable;                 /* those before this are on disk; equal to size while nobody waits */
	struct waiting_append *waiting;    /* appends between the two */
	bool      syncing;                 /* one of them is having the file synced for all */
	pthread_cond_t synced;
	uint64_t  measure_at;              /* with this size it is looked at how much of the file is still of use */
	bool      broken;                  /* the file could not be put in order */
	buf       consumed;                /* of consumption records: preproc || by || by_body */
};

enum { JOURNAL_MAGIC = 8 };
extern const uint8_t journal_magic[JOURNAL_MAGIC];

/* ERR_IO about a file, from errno. */
err  journal_failed(const char *doing, const char *path);
err  journal_write_at(int fd, const char *path, uint64_t at, slice bytes);

/*
 * Writes the file anew, without the records that later ones replaced or whose requests are forgotten, if it is larger than
 * twice what is left plus slack.  Under the lock.  After an error the file is as it was, or the journal is broken.
 */
err  journal_shrink(journal *j, uint64_t slack);

/* What a crash left of writing anew. */
err  journal_remove_unfinished(const journal *j);

#endif
