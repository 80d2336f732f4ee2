/* SPDX-License-Identifier: MIT */
/*
 * cli/bench_dkg_run.h -- one joint key generation by the nodes of a devnet, watched from outside: `arca keygen` asks for it and
 * verifies it, /proc says what the processes spent, and the nodes' /metrics how long their ceremonies took, how far one of them
 * is, and what was sent: bytes of TLS as they went to sockets (rpc/links.h).  That a client asks for the result now and then,
 * and downloads it, is not in any figure.
 *
 *   preprocessing    until the ceremony of that name has ended at all parties
 *   generation       from then on until party 1 has all bodies of the public set
 *   trial            the rest: 64 blocks encrypted and decrypted, and the agreement that all have the same
 */
#ifndef ARCA_CLI_BENCH_DKG_RUN_H
#define ARCA_CLI_BENCH_DKG_RUN_H

#include "cli/bench_devnet.h"
#include "cli/key_watch.h"

typedef enum dkg_phase { DKG_PREPROCESSING, DKG_GENERATION, DKG_TRIAL, DKG_PHASES } dkg_phase;

/* What is seen of the nodes at a moment. */
typedef struct dkg_sight {
	double at_s;                   /* since some moment                             */
	double core_s;                 /* spent so far, by all parties together         */
	double bytes;                  /* sent so far, by party 1                       */
	key_step_seen step;            /* of party 1                                    */
} dkg_sight;

/* The moments at which phases end; has[i]: seen. */
typedef struct dkg_watched { dkg_sight last, end[DKG_PHASES]; bool has[DKG_PHASES]; } dkg_watched;

void dkg_watch_saw(dkg_watched *w, const dkg_sight *s);

typedef struct dkg_run {
	double   total_s;              /* both ceremonies, at the slowest node of each */
	double   phase_s[DKG_PHASES], core_s[DKG_PHASES], bytes[DKG_PHASES];        /* core_s: a party's; bytes: of party 1 */
	double   sent;                 /* bytes: of the party that sent most            */
	double   memory_mib;           /* the most that a party ever had in use         */
	unsigned blamed;               /* times that a party was blamed for something   */
} dkg_run;

/* every_ms: how often to look.  What `arca keygen` says; ERR_STATE: a phase was not seen. */
err  dkg_run_once(dkg_run *out, const bench_devnet *d, int every_ms);

/* All keys of an epoch shared anew in another one, by the same parties: what the slowest of them took. */
err  dkg_reshare_once(double *seconds, const bench_devnet *d, const id32 *from, const id32 *to);

#endif
