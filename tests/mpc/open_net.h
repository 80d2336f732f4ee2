/* SPDX-License-Identifier: MIT */
/*
 * tests/mpc/open_net.h -- n parties that open shares, some of them liars, and the letters between them.
 *
 * Letters are delivered in random order, slow ones last.  Liars run the same engine, but what they send goes through one of
 * the tricks below.  The hooks check what must hold of every run: an honest party ends with the right value, names only
 * liars, and sends of an opening nothing but its one masked share.
 */
#ifndef ARCA_TESTS_MPC_OPEN_NET_H
#define ARCA_TESTS_MPC_OPEN_NET_H

#include "tests/test.h"
#include "mpc/async_open.h"
#include "mpc/async_open_record.h"

/* ---- what is opened --------------------------------------------------------------------------------------------- */

enum { D = 4, ELEMENT = 16 * D, MOST = 8 };

/* One ciphertext: the secrets of `elements` sharings, and every party's shares. */
typedef struct task {
	hash32   h;
	uint32_t elements;
	u128     secret[MOST * D];
	uint8_t  share[14][MOST * ELEMENT];
} task;

slice share_of(const task *x, party i);

/* ---- parties ---------------------------------------------------------------------------------------------------- */

typedef enum trick {
	HONEST, ADDS, FLIPS_A_HIGH_BIT, SILENT, SLOW, TWO_FACED, SENDS_TWICE, OTHER_IDENTITY, WRONG_LENGTH, FLOODS, GARBAGE,
	ON_ANOTHER_POLYNOMIAL, SAYS_GONE, TRICKS
} trick;

typedef struct letter { party from, to; bool slow; size_t n; uint8_t *bytes; } letter;

typedef struct net net;

typedef struct member {
	net   *net;
	party  me;
	trick  trick;
	async_open *engine;
	unsigned *done, stuck;                       /* done: by task                  */
	party_set suspects[5];                       /* by open_suspicion, and [4] all */
	unsigned told;                               /* suspicions                     */
	size_t sent[4];                              /* records by kind                */
} member;

struct net {
	unsigned n, t;
	member   member[14];
	task    *task;
	size_t   tasks;
	letter  *letter;
	size_t   letters, room;
	int64_t  now;
	bool     lost;                               /* what is sent goes nowhere */
	bool     turn_each;                          /* a turn after every letter */
	gr       delta[5];                           /* ON_ANOTHER_POLYNOMIAL     */
};

/* `elements` in each of the tasks; 0: random numbers of them.  Then tricks may be chosen, and net_start makes the engines,
 * which know where their member is: a net that has started is not moved. */
net  net_new(unsigned n, unsigned t, size_t tasks, uint32_t elements);
void net_start(net *w, const open_limits *limits);
void net_free(net *w);

/* A fresh engine, as after a restart. */
void net_engine(member *m, const open_limits *limits);

/* Party i begins task k. */
void net_begin(net *w, party i, size_t k);

void net_turn(net *w);                               /* of everybody            */
void net_deliver_one(net *w);                        /* Requires: there is one  */
void net_deliver(net *w);                            /* until there are none    */
void net_pass(net *w, int64_t ms);                   /* time; then deliver      */

/* Every honest party has ended every task so often. */
void assert_all_done(const net *w, unsigned times);

#endif
