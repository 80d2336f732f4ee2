/* SPDX-License-Identifier: MIT */
/* node/journal_internal.h -- what journal.c and journal_rewrite.c share. */
#ifndef ARCA_NODE_JOURNAL_INTERNAL_H
#define ARCA_NODE_JOURNAL_INTERNAL_H

#include <pthread.h>
#include "node/journal.h"
#include "node/journal_record.h"

struct journal {
	char     *path;
	requests *table;
	buf       consumed;                /* of consumption records: preproc || by || by_body */

	pthread_mutex_t lock;              /* of what follows */
	pthread_cond_t  changed;           /* a group was written, or the file anew */
	pthread_cond_t  large;             /* the file is to be looked at, or the journal ends */
	int       fd;
	uint64_t  size;                    /* whole records end here, all on disk */
	struct waiting_append *first, **last;    /* appends that wait to be written as the next group */
	bool      writing;                 /* one of them is writing a group, without the lock */
	uint64_t  measure_at;              /* with this size it is looked at how much of the file is still of use */
	bool      rewriting;               /* which the thread below does */
	bool      closing;
	bool      broken;                  /* the file could not be put in order */
	pthread_t rewriter;
	bool      has_rewriter;
};

enum { JOURNAL_MAGIC = 8 };
extern const uint8_t journal_magic[JOURNAL_MAGIC];

/* ERR_IO about a file, from errno. */
err  journal_failed(const char *doing, const char *path);

/* errno, 0 if all was written. */
int  journal_put_at(int fd, uint64_t at, slice bytes);

/*
 * Writes the file anew, without the records that later ones replaced or whose requests are forgotten, if it is larger than
 * twice what is left plus slack.  Appends go on meanwhile.  Without the lock, on one thread at a time.  After an error the
 * file is as it was, or the journal is broken.
 */
err  journal_rewrite(journal *j, uint64_t slack);

/* What a crash left of writing anew. */
err  journal_remove_unfinished(const journal *j);

#endif
