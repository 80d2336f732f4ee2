/* SPDX-License-Identifier: MIT */
/* node/joint_try.c -- a decryption as in ddec.h, but in rounds. */
#include "node/joint_try.h"
#include "mpc/lanes.h"
#include "tkms/finish.h"
#include "tkms/joint_trial.h"
#include "tkms/partial.h"

/* What a party computes in a moment may take another one a while, and who lost a party in the trial waits as long. */
enum { SLOWEST = 10, SLACK_MS = 5000 };

/* The part of the ceremony in which shares of 128 bits are opened; numbers of others are below it. */
static const uint64_t TRIAL_PART = (uint64_t)1 << 62;

typedef struct trying {
	const joint_try  *of;
	const online_key *online;
	slice             seed;
	joint_trial       trial;
} trying;

/* words: elements * d */
static err open_words(session *s, u128 *words, const masked *mine)
{
	const unsigned d = s->R->d;
	share *c;
	gr *y;

	TRY(arena_new(&s->arena, &c, mine->elements));
	TRY(arena_new(&s->arena, &y, mine->elements));
	for (uint32_t e = 0; e < mine->elements; e++) c[e].v = gr_read(s->R, mine->bytes + e * s->R->bytes);
	TRY(s->p->open(s, y, NULL, c, NULL, mine->elements, s->t));
	for (uint32_t e = 0; e < mine->elements; e++) memcpy(words + e * d, y[e].c, d * sizeof *words);
	return OK;
}

static err decrypt(session *s, const trying *x, size_t i)
{
	IN_SCOPE(s);
	const fhe_type *type = x->trial.value.type;
	plaintext got = { 0 };
	masked mine;
	u128 *words;

	TRY(partial_decrypt(&mine, &s->arena, x->online, x->of->masks, DECRYPT_PUBLIC, &x->trial.ct[i], 1));
	TRY(arena_new(&s->arena, &words, mine.elements * s->R->d));
	TRY(open_words(s, words, &mine));
	if (has(s->suspects, s->me))
		return err_fail(ERR_INTERNAL, "the new %s wrong at this party: what it opened does not fit what the others did", x->trial.made);
	if (finish_value(&got, type, s->n, s->t, s->R->d, words, mine.elements) == OK)
		return joint_trial_came_back(&x->trial, i, &got);
	err_context("the new %s wrong: a value that went through %s was refused: ", x->trial.made, x->trial.way[i]);
	return ERR_INTERNAL;
}

static err make_trial(trying *x)
{
	const joint_try *t = x->of;

	if (t->between) return joint_trial_decompression(&x->trial, t->between, x->seed, t->cores);
	if (t->reshared) return joint_trial_shares(&x->trial, t->public_key, t->keyset, x->seed, t->cores);
	return joint_trial_new(&x->trial, t->public_key, t->keyset, x->seed, t->cores);
}

/* The ciphertexts are made here, in the session in which they are opened: who is first finds it at the others, not early. */
static err make_and_decrypt(session *s, void *arg)
{
	trying *x = arg;
	const int64_t began_ms = box_now_ms(s->in);

	TRY(make_trial(x));
	session_allow(s, SLOWEST * (box_now_ms(s->in) - began_ms) + SLACK_MS);
	for (size_t i = 0; i < x->trial.ways; i++) TRY(decrypt(s, x, i));
	return OK;
}

/* The ceremony's id is nobody's choice, and the same for all. */
err joint_try_run(session *s, const joint_try *t)
{
	online_key online;

	TRY(online_key_new(&online, t->share));
	trying x = { .of = t, .online = &online, .seed = slice_of(s->sid.b, sizeof s->sid.b) };
	void *const arg = &x;
	const lane_plan plan = { .lanes = 1, .first = TRIAL_PART + t->number, .k = 128, .run = make_and_decrypt, .arg = &arg, .in_turn = true };
	err e = mpc_lanes(s, &plan);
	joint_trial_free(&x.trial);
	online_key_free(&online);
	return e;
}
