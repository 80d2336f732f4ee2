/* SPDX-License-Identifier: MIT */
/*
 * Threshold decryption among liars who know it: they see all honest shares, then choose theirs.  Whatever t of them send, all
 * open the right value and name just them; so does a reader who gets answers of all.
 */
#include "tests/tkms/threshold.h"
#include "share/shamir.h"
#include "tkms/finish.h"
#include "tkms/reconstruct.h"
#include "tkms/tkms.h"

typedef struct request {
	const parties *p;
	party_set liars;
	const fhe_type *type;
	plaintext want;
	decrypt_operation operation;
	masked right[MOST_PARTIES + 1];                          /* what each party should send          */
	masked other_use[MOST_PARTIES + 1], other_ct[MOST_PARTIES + 1];      /* the same for another operation; for another ciphertext */
	masked sent[MOST_PARTIES + 1];
} request;

/* ---- lies: the index-th element of a liar ------------------------------------------------------------------------- */

typedef gr (*lie)(const request *q, const ring *R, party liar, uint32_t index, gr right);

static gr element(const masked *m, const ring *R, uint32_t index) { return gr_read(R, m->bytes + index * R->bytes); }

static gr adds_one(const request *q, const ring *R, party i, uint32_t e, gr v) { return (void)q, (void)i, (void)e, gr_add(R, v, GR_ONE); }
static gr highest_bit(const request *q, const ring *R, party i, uint32_t e, gr v)
{
	return (void)q, (void)i, (void)e, gr_add(R, v, gr_scalar(R, (u128)1 << 127));
}
static gr in_one_element(const request *q, const ring *R, party i, uint32_t e, gr v)
{
	return (void)i, e == q->right[1].elements - 1 ? gr_add(R, v, gr_point(3)) : v;
}
static gr random_shares(const request *q, const ring *R, party i, uint32_t e, gr v)
{
	return (void)q, (void)i, (void)e, (void)v, gr_random(R, test_rng());
}

/* Another plaintext, on a polynomial of the right degree: plus one half of the modulus at 0, and together. */
static gr another_plaintext(const request *q, const ring *R, party i, uint32_t e, gr v)
{
	(void)q, (void)e;
	return gr_add(R, v, gr_mul(R, gr_scalar(R, (u128)5 << 123), gr_add(R, GR_ONE, gr_point(i))));
}

/* A codeword that is 0 at t honest parties: t + t of n agree with them. */
static gr low_weight(const request *q, const ring *R, party i, uint32_t e, gr v)
{
	gr delta = GR_ONE;
	unsigned zeros = 0;

	(void)e;
	FOR_EACH_IN(j, parties_all(q->p->n) & ~q->liars) if (zeros++ < q->p->t) delta = gr_mul(R, delta, gr_sub(R, gr_point(i), gr_point(j)));
	return gr_add(R, v, delta);
}

static gr of_another_party(const request *q, const ring *R, party i, uint32_t e, gr v)
{
	(void)i, (void)v;
	return element(&q->right[first_of(parties_all(q->p->n) & ~q->liars)], R, e);
}
static gr of_another_ciphertext(const request *q, const ring *R, party i, uint32_t e, gr v) { return (void)v, element(&q->other_ct[i], R, e); }
static gr with_the_other_mask(const request *q, const ring *R, party i, uint32_t e, gr v) { return (void)v, element(&q->other_use[i], R, e); }

static const lie LIES[] = {
	adds_one, highest_bit, in_one_element, random_shares, another_plaintext, low_weight, of_another_party, of_another_ciphertext,
	with_the_other_mask,
};

/* ---- one request -------------------------------------------------------------------------------------------------- */

static secret_keys keys;

static party_set some_parties(unsigned n, unsigned count)
{
	party_set who = 0;
	while (size_of_set(who) < count) add_to(&who, (party)(1 + test_below(n)));
	return who;
}

static void encrypt(squashed *out, arena *a, const plaintext *x)
{
	uint8_t v[MAX_SQUASHED];
	i128 noise[MAX_SQUASHED];
	const uint32_t blocks = x->type->blocks / 2;

	for (uint32_t i = 0; i < blocks; i++) {
		v[i] = x->bytes[i / 2] >> 4 * (i % 2) & 15;
		noise[i] = ((i128)test_below(UINT32_MAX) - (1 << 30)) * ((i128)1 << 37);
	}
	if (test_below(2)) encrypt_list(out, a, &keys, v, noise, blocks);
	else encrypt_expanded(out, a, &keys, v, noise, blocks);
}

static void ask(request *q, arena *a)
{
	squashed ct, other;
	plaintext another = { .type = q->type };

	encrypt(&ct, a, &q->want);
	rng_fill(test_rng(), another.bytes, q->type->bytes);
	do encrypt(&other, a, &another); while (other.under != ct.under);
	for (party i = 1; i <= q->p->n; i++) {
		const online_key *key = &q->p->key[i];
		const prss *masks = q->p->masks[i];
		assert_ok(partial_decrypt(&q->right[i], a, key, masks, q->operation, &ct, 1));
		assert_ok(partial_decrypt(&q->other_use[i], a, key, masks, q->operation == DECRYPT_USER ? DECRYPT_PUBLIC : DECRYPT_USER, &ct, 1));
		assert_ok(partial_decrypt(&q->other_ct[i], a, key, masks, q->operation, &other, 1));
	}
}

static void tell(request *q, arena *a, lie f)
{
	const ring *R = ring_of(128, q->p->d);

	for (party i = 1; i <= q->p->n; i++) {
		const size_t n = q->right[i].elements * R->bytes;
		q->sent[i] = q->right[i];
		if (!has(q->liars, i)) continue;
		assert_ok(arena_new(a, &q->sent[i].bytes, n));
		for (uint32_t e = 0; e < q->right[i].elements; e++) gr_write(R, q->sent[i].bytes + e * R->bytes, f(q, R, i, e, element(&q->right[i], R, e)));
		assert_memory_not_equal(q->sent[i].bytes, q->right[i].bytes, n);
	}
}

static void assert_all_open_it(const request *q)
{
	const uint8_t *shares[MOST_PARTIES + 1];
	u128 y[MOST_WORDS];
	party_set wrong = 0;
	plaintext got;

	for (party i = 1; i <= q->p->n; i++) shares[i] = q->sent[i].bytes;
	assert_true(open_var(q->p->opener, y, &wrong, shares, parties_all(q->p->n), q->p->t, q->right[1].elements));
	assert_true(wrong == q->liars);
	assert_ok(finish_value(&got, q->type, q->p->n, q->p->t, q->p->d, y, q->right[1].elements));
	assert_memory_equal(got.bytes, q->want.bytes, FHE_MAX_BYTES);
}

static void assert_the_reader_gets_it(const request *q)
{
	const user_request asked = { .n = q->p->n, .t = q->p->t, .slots = 1, .type = &q->type };
	user_answer answer[MOST_PARTIES];
	user_share slot[MOST_PARTIES];
	buf vector[MOST_PARTIES] = { 0 };
	plaintext got;
	party_set wrong;

	for (unsigned j = 0; j < q->p->n; j++) {
		share_vector_write(&vector[j], &q->sent[j + 1], q->p->d);
		slot[j] = (user_share){ q->type->number, packing_factor_of(q->type), buf_slice(&vector[j]) };
		answer[j] = (user_answer){ .from = (party)(j + 1), .degree = q->p->t, .slots = 1, .slot = &slot[j] };
	}
	assert_ok(reconstruct(&got, &wrong, &asked, answer, q->p->n));
	assert_true(wrong == q->liars);
	assert_memory_equal(got.bytes, q->want.bytes, FHE_MAX_BYTES);
	for (unsigned j = 0; j < q->p->n; j++) buf_free(&vector[j]);
}

/* ---- tests ---------------------------------------------------------------------------------------------------------- */

static void liars_who_know_a_decryption_change_no_value_and_are_named(void **state)
{
	static const int TYPES[] = { FHE_UINT8, FHE_UINT32, FHE_ADDRESS };

	(void)state;
	for (size_t c = 0; c < COUNT(COMMITTEES); c++) {
		parties p;
		parties_new(&p, COMMITTEES[c].n, COMMITTEES[c].t, &keys);
		for (size_t k = 0; k < COUNT(LIES); k++) for (unsigned use = 0; use < 2; use++) {
			AUTO(arena) a = arena_with_limit((size_t)1 << 26);
			request q = { .p = &p, .type = fhe_type_by_number_var(TYPES[k % COUNT(TYPES)]), .operation = use ? DECRYPT_USER : DECRYPT_PUBLIC };
			q.liars = some_parties(p.n, p.t);
			q.want.type = q.type;
			rng_fill(test_rng(), q.want.bytes, q.type->bytes);
			ask(&q, &a);
			tell(&q, &a, LIES[k]);
			if (use) assert_the_reader_gets_it(&q);
			else assert_all_open_it(&q);
		}
		parties_free(&p);
	}
}

/* Who is silent is not wrong; the others still have room for the rest of the liars. */
static void some_liars_may_be_silent_and_others_lie(void **state)
{
	(void)state;
	for (size_t c = 2; c < COUNT(COMMITTEES); c++) {
		parties p;
		AUTO(arena) a = arena_with_limit((size_t)1 << 26);
		parties_new(&p, COMMITTEES[c].n, COMMITTEES[c].t, &keys);
		request q = { .p = &p, .type = fhe_type_by_number_var(FHE_UINT32), .operation = DECRYPT_PUBLIC, .liars = some_parties(p.n, p.t) };
		const uint8_t *shares[MOST_PARTIES + 1];
		u128 y[MOST_WORDS];
		party_set wrong = 0, silent = (party_set)1 << first_of(q.liars);
		plaintext got;

		q.want.type = q.type;
		rng_fill(test_rng(), q.want.bytes, q.type->bytes);
		ask(&q, &a);
		tell(&q, &a, another_plaintext);
		for (party i = 1; i <= p.n; i++) shares[i] = has(silent, i) ? NULL : q.sent[i].bytes;
		assert_true(open_var(p.opener, y, &wrong, shares, parties_all(p.n) & ~silent, p.t, q.right[1].elements));
		assert_true(wrong == (q.liars & ~silent));
		assert_ok(finish_value(&got, q.type, p.n, p.t, p.d, y, q.right[1].elements));
		assert_memory_equal(got.bytes, q.want.bytes, FHE_MAX_BYTES);
		parties_free(&p);
	}
}

static int before(void **state) { return (void)state, secrets_new(&keys, &PARAMS_TEST), 0; }
static int after(void **state) { return (void)state, secret_keys_free(&keys), 0; }

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(liars_who_know_a_decryption_change_no_value_and_are_named),
		TEST(some_liars_may_be_silent_and_others_lie),
	};
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), before, after);
}
