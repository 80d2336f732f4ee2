/* SPDX-License-Identifier: MIT */
/*
 * tests/connector/chain.h -- a chain in memory, with providers that serve it well or badly, and a database in memory that
 * keeps what a listener writes.
 *
 * Requests are of public decryption.  Each has an id of its own; the chain knows which of them stand in its present blocks.
 */
#ifndef ARCA_TESTS_CONNECTOR_CHAIN_H
#define ARCA_TESTS_CONNECTOR_CHAIN_H

#include "connector/listener.h"
#include "evm/jrpc.h"

enum { CHAIN_BLOCKS = 1200, CHAIN_LOGS = 8, CHAIN_ROWS = 8192, CHAIN_PROVIDERS = 3, CHAIN_ID = 7 };

typedef struct chain_block {
	hash32   hash;
	unsigned logs;
	struct { uint32_t id; const char *signature; buf data; bool indexed; } log[CHAIN_LOGS];
} chain_block;

/* How a provider behaves; all zero: well. */
typedef struct chain_provider {
	struct chain *chain;
	bool     down, garbage, half, limited, other_logs;        /* other_logs: of another block than they say */
	uint64_t behind;                 /* the machine that answers is so many blocks behind the head it tells */
	uint64_t late;                   /* this provider is so many blocks behind, and says so */
	uint64_t range_most;             /* 0: any */
	uint64_t keeps_from;             /* logs of earlier blocks it threw away */
	uint32_t invents;                /* added to the ids of requests that it tells of */
	bool     hides;                  /* all of them */
	unsigned asked;
} chain_provider;

typedef struct chain {
	chain_block block[CHAIN_BLOCKS];
	uint64_t head, finalized;
	uint32_t last_id, names;
	kms_chain_profile profile;
	size_t   agree;                  /* so many of its providers, for listeners to come */
	chain_provider provider[CHAIN_PROVIDERS];
	int64_t  now_ms;
	clock_source clock;
} chain;

chain *chain_new(kms_chain_profile profile);
void   chain_free(chain **c);

void     chain_mine(chain *c, unsigned blocks);
uint32_t chain_ask(chain *c);                       /* a request in a new block; gives its id */
void     chain_ask_more(chain *c, unsigned n);      /* requests in the last block */
void     chain_take_back(chain *c, unsigned blocks);           /* what stood there is gone; mine again afterwards */
/* A log in the last block, of the event with this signature; indexed: with one word of topics beside. */
void     chain_log(chain *c, const char *signature, slice data, bool indexed);

/* The contracts that a listener watches, and where. */
intake_chain chain_watched(const chain *c);
providers   *chain_providers(chain *c, unsigned n, int64_t look_ms);

/* ---- the database ----------------------------------------------------------------------------------------------- */

typedef struct memory_row { queue_kind kind; uint32_t id; uint64_t block; hash32 hash; bool completed; } memory_row;

typedef struct memory_store {
	memory_row  row[CHAIN_ROWS];
	size_t      rows, set_aside, commits, reorgs;
	queue_block kept[QUEUE_BLOCKS_KEPT];            /* highest first */
	size_t      n_kept;
	bool        known;
	uint64_t    cursor;
	uint32_t    kinds;
	unsigned    fail;                               /* so many commits fail */
	uint32_t    refuse;                             /* this id is refused */
	void      (*before)(void);                      /* called once, before the next commit */
	char        reason[256];                        /* of what was set aside last */
} memory_store;

listener_store memory_store_of(memory_store *m);
memory_row    *memory_find(memory_store *m, uint32_t id);

/* Do exactly the requests stand in the database that stand in the blocks from .. head, beside completed ones? */
void assert_same(memory_store *m, const chain *c, uint64_t from);

#endif
