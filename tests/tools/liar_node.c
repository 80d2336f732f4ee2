/* SPDX-License-Identifier: MIT */
/*
 * liar_node -- an arca-node that lies, for tests; never installed.  $ARCA_LIE says how:
 *
 *   shares     its masked shares are off the polynomial, towards the parties and towards users
 *   other      it opens another ciphertext than the others
 *   garbage    instead of shares it sends noise
 *   forge      its envelopes are in another party's name
 *   session    what it sends in ceremonies is changed
 *   delegation its parts of delegations are wrong
 *   mute       it sends nothing at all
 *   early      its clock is a minute ahead, and nothing else is wrong with it
 *   late       its clock is a minute behind, likewise
 *
 * Everything else it does as an honest node does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "base/rng.h"
#include "delegate/ask.h"
#include "node/node.h"

typedef enum lie { SHARES, OTHER, GARBAGE, FORGE, SESSION, DELEGATION, MUTE, EARLY, LATE, LIES } lie;

static const char *const NAMES[LIES] = { "shares", "other", "garbage", "forge", "session", "delegation", "mute", "early", "late" };

/* What the wall clock of this process, in this program and its libraries, is off by. */
static time_t shift_s;

int clock_gettime(clockid_t id, struct timespec *t)
{
	const long failed = syscall(SYS_clock_gettime, id, t);
	if (!failed && id == CLOCK_REALTIME) t->tv_sec += shift_s;
	return (int)failed;
}

static void change_share(void *ctx, masked *m, decrypt_operation for_whom, unsigned d)
{
	const lie how = *(const lie *)ctx;
	const size_t n = (size_t)m->elements * d * sizeof(u128);

	(void)for_whom;
	if (how == SHARES) m->bytes[load64(m->h.b) % n] ^= 1;          /* the same lie whenever it is asked again */
	else if (how == OTHER) m->h.b[0] ^= 1;
}

static void fill_with_noise(buf *frame)
{
	rng_fill(rng_os(), frame->p + FRAME_HEADER_BYTES, frame->n - FRAME_HEADER_BYTES);
}

/* The name of the sender stands in the third byte of an envelope. */
static void change_sender(buf *frame)
{
	uint8_t *from = frame->p + FRAME_HEADER_BYTES + 2;
	*from = *from == 1 ? 2 : 1;
}

static bool change_frame(void *ctx, party to, buf *frame)
{
	const lie how = *(const lie *)ctx;
	const bool in_session = frame->p[0] == FRAME_SESSION && frame->n > FRAME_HEADER_BYTES + ENVELOPE_HEADER;

	(void)to;
	if (how == GARBAGE && frame->p[0] == FRAME_OPENING) fill_with_noise(frame);
	if (how == FORGE && in_session) change_sender(frame);
	if (how == SESSION && in_session) frame->p[frame->n - 1] ^= 1;
	if (how == DELEGATION && frame->p[0] == FRAME_DELEGATION && frame->n == FRAME_HEADER_BYTES + ASK_ANSWER_BYTES)
		frame->p[frame->n - SECP_RSIG - 1] ^= 1;       /* the end of the proof */
	return how != MUTE;
}

int main(int argc, char **argv)
{
	const char *name = getenv("ARCA_LIE");
	static lie how = LIES;

	for (unsigned i = 0; name && i < LIES; i++)
		if (!strcmp(name, NAMES[i])) how = (lie)i;
	if (how == LIES) {
		fputs("ARCA_LIE must be shares, other, garbage, forge, session, delegation, mute, early or late\n", stderr);
		return 64;
	}
	shift_s = how == EARLY ? 60 : how == LATE ? -60 : 0;
	const node_seams seams = { &how, change_share, change_frame };
	return node_process(argc, argv, "a lie", &seams);
}
