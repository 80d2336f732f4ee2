/* SPDX-License-Identifier: MIT */
/*
 * tests/vault/conform.h -- what every vault does, wherever its objects are.  A home opens one, and opens it again; with `lose` it
 * forgets its folders in between.  Each behaviour begins with an empty home.
 */
#ifndef ARCA_TESTS_VAULT_CONFORM_H
#define ARCA_TESTS_VAULT_CONFORM_H

#include <stdlib.h>
#include "base/draft.h"
#include "base/file.h"
#include "tests/vault/vaults.h"

typedef struct conform_home {
	void  *ctx;
	vault *(*open)(void *ctx);
	void  (*begin)(void *ctx);             /* empty from now on */
	void  (*lose)(void *ctx);              /* the folders; NULL: they are all there is */
	size_t most;                           /* bytes of an object */
} conform_home;

static inline void conform_reopen(const conform_home *h, vault **v, bool lose)
{
	vault_free(v);
	if (lose && h->lose) h->lose(h->ctx);
	*v = h->open(h->ctx);
}

static inline void conform_is(vault *v, const id32 *epoch, const id32 *id, slice want)
{
	AUTO(buf) got = { 0 };
	assert_ok(vault_get_private(&got, v, PRIV_FHE_KEY_INFO, epoch, id, 1 << 24));
	assert_true(slice_eq_var(buf_slice(&got), want));
}

static inline void conform_objects_stay(const conform_home *h, bool lose)
{
	const size_t sizes[] = { 1, 100, h->most / 2, h->most };
	bool existed = true, there, fresh;
	AUTO(buf) bytes = { 0 };
	AUTO(buf) got = { 0 };
	id32 *id;
	size_t n;

	h->begin(h->ctx);
	vault *v = h->open(h->ctx);
	assert_ok(vault_is_fresh(&fresh, v));
	assert_true(fresh);
	rng_fill(test_rng(), buf_grow(&bytes, h->most), h->most);
	for (uint8_t i = 0; i < COUNT(sizes); i++) {
		assert_ok(vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &(id32){{ 9, [31] = (uint8_t)(9 - i) }}, slice_of(bytes.p, sizes[i]), &existed));
		assert_false(existed);
		assert_ok(vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &(id32){{ 9, [31] = (uint8_t)(9 - i) }}, slice_str("another"), &existed));
		assert_true(existed);
		assert_ok(vault_put_public(v, PUB_PUBLIC_KEY, &(id32){{ 9, [31] = (uint8_t)(9 - i) }}, slice_of(bytes.p, sizes[i]), &existed));
		assert_false(existed);
		assert_ok(vault_put_public(v, PUB_PUBLIC_KEY, &(id32){{ 9, [31] = (uint8_t)(9 - i) }}, slice_str("another"), &existed));
		assert_true(existed);
	}
	assert_ok(vault_put_private(v, PRIV_USED_SESSION, NULL, &ONE, (slice){ 0 }, &existed));
	assert_ok(vault_put_private(v, PRIV_SIGNING_KEY, NULL, &TWO, slice_str("sk"), &existed));
	conform_reopen(h, &v, lose);
	assert_ok(vault_is_fresh(&fresh, v));
	assert_false(fresh);
	for (uint8_t i = 0; i < COUNT(sizes); i++) {
		const id32 name = {{ 9, [31] = (uint8_t)(9 - i) }};
		buf_clear(&got);
		conform_is(v, &EPOCH, &name, slice_of(bytes.p, sizes[i]));
		assert_ok(vault_get_public(&got, v, PUB_PUBLIC_KEY, &name, 1 << 24));
		assert_true(slice_eq_var(buf_slice(&got), slice_of(bytes.p, sizes[i])));
	}
	assert_ok(vault_has_private(&there, v, PRIV_USED_SESSION, NULL, &ONE));
	assert_true(there);
	assert_ok(vault_list_private(&id, &n, v, PRIV_FHE_KEY_INFO, &EPOCH));
	assert_int_equal(n, COUNT(sizes));
	for (size_t i = 1; i < n; i++) assert_true(memcmp(&id[i - 1], &id[i], sizeof *id) < 0);
	free(id);
	assert_ok(vault_list_epochs(&id, &n, v, PRIV_FHE_KEY_INFO));
	assert_true(n == 1 && id_eq_var(id, &EPOCH));
	free(id);
	vault_free(&v);
}

static inline void conform_removed_is_gone(const conform_home *h, bool lose)
{
	bool existed, there = true;

	h->begin(h->ctx);
	vault *v = h->open(h->ctx);
	assert_ok(vault_remove_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE));
	assert_ok(vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, slice_str("one"), &existed));
	assert_ok(vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &TWO, slice_str("two"), &existed));
	assert_ok(vault_put_private(v, PRIV_ATTEMPT, NULL, &ONE, (slice){ 0 }, &existed));
	assert_ok(vault_put_public(v, PUB_CRS, &ONE, slice_str("crs"), &existed));
	assert_ok(vault_remove_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE));
	assert_ok(vault_remove_private(v, PRIV_ATTEMPT, NULL, &ONE));
	assert_ok(vault_remove_public(v, PUB_CRS, &ONE));
	conform_reopen(h, &v, lose);
	assert_ok(vault_has_private(&there, v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE));
	assert_false(there);
	assert_ok(vault_has_private(&there, v, PRIV_ATTEMPT, NULL, &ONE));
	assert_false(there);
	assert_ok(vault_has_public(&there, v, PUB_CRS, &ONE));
	assert_false(there);
	conform_is(v, &EPOCH, &TWO, slice_str("two"));
	assert_ok(vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, slice_str("again"), &existed));
	assert_false(existed);
	conform_reopen(h, &v, lose);
	conform_is(v, &EPOCH, &ONE, slice_str("again"));
	vault_free(&v);
}

static inline void conform_drafts_are_kept_once(const conform_home *h, bool lose)
{
	slice view;

	h->begin(h->ctx);
	vault *v = h->open(h->ctx);
	for (unsigned i = 0; i < 2; i++) {
		bool existed;
		draft *d = NULL;
		assert_ok(vault_draft_public(&d, v, PUB_COMPRESSED_XOF_KEY_SET, &ONE, h->most));
		memset(draft_bytes(d), (int)i + 1, h->most);
		assert_ok(vault_keep_public(v, PUB_COMPRESSED_XOF_KEY_SET, &ONE, d, &existed));
		assert_int_equal(existed, i);
		draft_free(&d);
	}
	conform_reopen(h, &v, lose);
	assert_ok(vault_map_public(&view, v, PUB_COMPRESSED_XOF_KEY_SET, &ONE, h->most));
	assert_true(view.n == h->most && view.p[0] == 1 && view.p[view.n - 1] == 1);
	file_unmap(&view);
	vault_free(&v);
}

/* Everything; with what was lost in between if the home can. */
static inline void conform(const conform_home *h)
{
	for (unsigned lose = 0; lose <= (h->lose != NULL); lose++) {
		conform_objects_stay(h, lose);
		conform_removed_is_gone(h, lose);
		conform_drafts_are_kept_once(h, lose);
	}
}

#endif
