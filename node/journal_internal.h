/* SPDX-License-Identifier: MIT */
/* node/journal_internal.h -- what journal.c, journal_ahead.c and journal_rewrite.c share. */
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
	pthread_cond_t  changed;           /* a group was written, or a step of zeros, or the file anew */
	pthread_cond_t  work;              /* there is some for the thread, or the journal ends */
	int       fd;
	uint64_t  size;                    /* whole records end here, all on disk */
	struct waiting_append *first, **last;    /* appends that wait to be written as the next group */
	bool      writing;                 /* one of them is writing a group, without the lock */
	bool      small;                   /* the last group was */
	uint64_t  filled;                  /* the zeros behind size end here, or the group that is being written */
	bool      filling;                 /* the thread writes a step of zeros behind that, without the lock */
	uint64_t  fill_from;               /* none while the file is smaller: there was no room */
	uint64_t  measure_at;              /* with this size it is looked at how much of the file is still of use */
	bool      rewriting;
	bool      closing;
	bool      broken;                  /* the file could not be put in order */
	pthread_t keeper;                  /* writes zeros ahead, and the file anew */
	bool      has_keeper;
};

enum { JOURNAL_MAGIC = 8 };
extern const uint8_t journal_magic[JOURNAL_MAGIC];

/* ERR_IO about a file, from errno. */
err  journal_failed(const char *doing, const char *path);

/* errno, 0 if all was written. */
int  journal_put_at(int fd, uint64_t at, slice bytes);

/* Zeros are written in steps.  journal_put_zeros: one, anywhere; errno, 0 if all was written. */
enum { JOURNAL_AHEAD_STEP = 1 << 20 };
int  journal_put_zeros(int fd, uint64_t at);

/* On the journal's thread, under the lock, which is let go meanwhile. */
bool journal_wants_zeros(const journal *j);
void journal_fill_ahead(journal *j);

/*
 * Writes the file anew, without the records that later ones replaced or whose requests are forgotten, if it is larger than
 * twice what is left plus slack.  Appends go on meanwhile.  Without the lock, on one thread at a time.  After an error the
 * file is as it was, or the journal is broken.
 */
err  journal_rewrite(journal *j, uint64_t slack);

/* What a crash left of writing anew. */
err  journal_remove_unfinished(const journal *j);

#endif
