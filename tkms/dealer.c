/* SPDX-License-Identifier: MIT */
/* tkms/dealer.c -- insecure key generation: the one place where a node makes shares of a whole key. */
#include "tkms/dealer.h"
#include "share/shamir.h"

bool dealer_is_built(void) { return true; }

static void deal_secret(key_share *out, secret_id id, const uint8_t *bit, const lat_params *params, const ring *R,
                        const share_holder *h, const rng *random)
{
	share dealt[MAX_PARTIES + 1];

	for (size_t i = 0; i < secret_length(params, id); i++) {
		shamir_deal(dealt, R, h->n, h->t, gr_scalar(R, bit[i]), random);
		for (party p = 1; p <= h->n; p++)
			memcpy(out[p].word[id] + i * h->d, dealt[p].v.c, h->d * sizeof(u128));
	}
	wipe(dealt, sizeof dealt);
}

static err make_room(key_share *out, const share_holder *holder, const lat_params *params, unsigned which)
{
	for (party p = 1; p <= holder->n; p++) {
		share_holder h = *holder;
		h.me = p;
		TRY(key_share_new(&out[p], &h, params, which));
	}
	return OK;
}

err dealer_share_out(key_share *out, const secret_keys *keys, const share_holder *holder, unsigned which, const rng *random)
{
	const ring *R = ring_of(128, holder->d);

	memset(out + 1, 0, holder->n * sizeof *out);
	for (secret_id id = 0; id < SECRETS; id++)
		if ((which & SECRET_BIT(id)) && !keys->bit[id])
			return err_fail(ERR_STATE, "the client key has not all of the secrets that are to be dealt");
	const err e = make_room(out, holder, keys->params, which);
	if (e != OK) {
		for (party p = 1; p <= holder->n; p++) key_share_free(&out[p]);
		return e;
	}
	for (secret_id id = 0; id < SECRETS; id++)
		if (which & SECRET_BIT(id)) deal_secret(out, id, keys->bit[id], keys->params, R, holder, random);
	return OK;
}
