/* SPDX-License-Identifier: MIT */
/*
 * mpc/open_words.h -- many values opened together: messages of words.                                        t < n/3
 *
 * A word is an element of s->R of which each party holds a share, of degree D = t or 2t; a message is some words side by side,
 * as they travel.
 *
 *   by messages    words_exchange, then words_open: one round.  What opens is right (share/code.h).  Words of degree t always
 *                  open, whatever t parties send.  Words of degree 2t do if nobody lies; for n = 3t + 1 one liar is enough to
 *                  prevent it, perhaps at some parties only: so words_agree says whether all of them saw all words open
 *   by broadcast   words_broadcast: for words of degree 2t that are made of values from PRSS and need not all come.  A word
 *                  that does not open goes to Check: it is lost, its values being public then, and who lied is accused
 *
 * Time: variable; what is sent here is opened.
 */
#ifndef ARCA_MPC_OPEN_WORDS_H
#define ARCA_MPC_OPEN_WORDS_H

#include "mpc/mpc.h"
#include "share/unanimous.h"

/* Words of one degree in one session. */
typedef struct word_opener {
	session    *s;
	unsigned    D;
	bool        agreed;                  /* shares come by broadcast: who is wrong is accused, not only suspected */
	const char *wrong;                   /* of what: static text */

	party_set   off;                     /* who was wrong once: not looked at any more */
	unanimous  *all_agree;               /* for the parties `of` */
	party_set   of;
	code       *code;
} word_opener;

void word_opener_free(word_opener *x);

/* A round: `mine` to all.  sent[i]: the message of P_i (one's own too), if it is as long as `mine`; otherwise {NULL, 0}. */
err words_exchange(session *s, slice *sent, slice mine);

/* *opened: the messages of all live parties are there, and all words are consistent; V: these. */
err words_all_agree(word_opener *x, bool *opened, uint8_t *V, const slice *sent, size_t words);

/* Words *at .. end - 1 by the rule of share/code.h; *at: the first of them that does not open, or end. */
err words_open(word_opener *x, size_t *at, uint8_t *V, const slice *sent, size_t end);

/* A broadcast of one byte.  *good: all live parties say yes; the same at all honest parties. */
err words_agree(session *s, bool *good, bool mine);

/* What a word is made of. */
typedef struct word_recipe {
	const void *ctx;
	unsigned    values;                                          /* of PRSS, in a word: at most GR_MAX_DEGREE + 1 */
	prss_use  (*use)(const void *ctx, size_t word, unsigned j);  /* the j-th of them */
	gr        (*word)(const ring *R, const gr *value);           /* a share of the word from those of its values */
} word_recipe;

/*
 * V: the words of which `mine` has this party's shares; lost[e]: all but V[e], for at most one word a liar who is then accused.
 * sent: what was sent of the same shares before (as words_exchange), or NULL.  Requires: x->D = 2t, x->agreed.
 */
err words_broadcast(word_opener *x, uint8_t *V, bool *lost, slice mine, const slice *sent, const word_recipe *r);

#endif
