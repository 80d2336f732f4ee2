/* SPDX-License-Identifier: MIT */
/* delegate/description.c */
#include "delegate/description.h"
#include "delegate/client_internal.h"
#include "delegate/request.h"
#include "delegate/typed_v1.h"

hash32 description_digest(const group_key *k)
{
	const eip712_domain d = typed_v1_domain(&(delegate_v1){ .chain_id = k->chain_id });
	eip712_struct s = eip712_begin("KeyDescriptionV1(bytes32 keyId,uint64 epoch,uint64 needed,bytes publicKey,bytes verificationShares)");
	const abi_word epoch = abi_u64(k->epoch), needed = abi_u64(k->T + 1);

	eip712_put_id(&s, k->key_id.b);
	eip712_put_word(&s, &epoch);
	eip712_put_word(&s, &needed);
	eip712_put_bytes(&s, slice_of(k->P.b, sizeof k->P.b));
	eip712_put_bytes(&s, slice_of(k->Y[1].b, k->n * sizeof k->Y[1]));
	return eip712_digest(&d, &s);
}

static void put_hex(buf *out, const char *before, const void *p, size_t n, const char *after)
{
	buf_put_str(out, before);
	client_put_hex(out, slice_of(p, n));
	buf_put_str(out, after);
}

void description_write(buf *out, const group_key *k, party index, const signer *by)
{
	const hash32 digest = description_digest(k);
	const secp_rsig proof = sign_external(by, &digest);

	put_hex(out, "{\"keyId\":\"", k->key_id.b, sizeof k->key_id.b, "\"");
	buf_printf(out, ",\"epoch\":%u,\"needed\":%u,\"index\":%u", k->epoch, k->T + 1, index);
	put_hex(out, ",\"publicKey\":\"", k->P.b, sizeof k->P.b, "\",\"verificationShares\":[");
	for (party i = 1; i <= k->n; i++) put_hex(out, i == 1 ? "\"" : ",\"", k->Y[i].b, sizeof k->Y[i].b, "\"");
	put_hex(out, "],\"proof\":\"", proof.b, sizeof proof.b, "\"}");
}

/* ---- reading ------------------------------------------------------------------------------------------------------- */

static err wrong(const char *what) { return err_fail(ERR_REQUEST, "the KMS's description of its key has no %s", what); }

static bool number(uint64_t *out, const json_t *j, const char *name, uint64_t most)
{
	const json_t *m = json_object_get(j, name);

	if (!json_is_integer(m) || json_integer_value(m) < 0 || (uint64_t)json_integer_value(m) > most) return false;
	*out = (uint64_t)json_integer_value(m);
	return true;
}

/* none: 33 zeros are taken, too. */
static bool point(secp_pk *out, slice text, bool none)
{
	static const secp_pk NONE = { { 0 } };
	uint8_t b[SECP_PK];

	if (!hex_strict(b, sizeof b, text)) return false;
	if (none && memcmp(b, NONE.b, sizeof b) == 0) {
		*out = NONE;
		return true;
	}
	const bool is = secp_pk_read(out, slice_of(b, sizeof b)) == OK;
	err_clear();
	return is;
}

static err read_all(group_key *k, party *index, eth_address *by, const json_t *j)
{
	const json_t *shares = json_object_get(j, "verificationShares");
	uint64_t epoch, needed, own;
	secp_rsig proof;

	if (!hex_strict(k->key_id.b, sizeof k->key_id.b, client_text(j, "keyId"))) return wrong("keyId of 32 bytes");
	if (!point(&k->P, client_text(j, "publicKey"), false)) return wrong("publicKey that is a point");
	const size_t n = json_array_size(shares);
	if (n < 1 || n > MAX_PARTIES) return wrong("verificationShares");
	for (size_t i = 0; i < n; i++) {
		const json_t *t = json_array_get(shares, i);
		if (!json_is_string(t) || !point(&k->Y[i + 1], slice_of(json_string_value(t), json_string_length(t)), true))
			return wrong("verificationShares that are points");
	}
	if (!number(&epoch, j, "epoch", UINT32_MAX)) return wrong("epoch");
	if (!number(&needed, j, "needed", n) || needed == 0) return wrong("number of needed shares");
	if (!number(&own, j, "index", n)) return wrong("index");
	k->epoch = (uint32_t)epoch;
	k->n = (unsigned)n;
	k->T = (unsigned)needed - 1;
	TRY(client_proof(&proof, j));
	const hash32 digest = description_digest(k);
	if (!sign_external_by_var(by, &proof, &digest)) return err_fail(ERR_REQUEST, "the KMS's description of its key is signed by nobody");
	*index = (party)own;
	return OK;
}

err description_read(group_key *out, party *index, eth_address *by, uint32_t chain_id, slice json)
{
	group_key k = { .chain_id = chain_id };
	err e = OK;
	json_t *j = client_load(&e, json);

	if (j) e = read_all(&k, index, by, j);
	json_decref(j);
	if (e == OK) *out = k;
	return e;
}

bool description_eq_var(const group_key *a, const group_key *b)
{
	return id_eq_var(&a->key_id, &b->key_id) && a->chain_id == b->chain_id && a->epoch == b->epoch && a->n == b->n && a->T == b->T &&
	       memcmp(a->P.b, b->P.b, sizeof a->P.b) == 0 && memcmp(a->Y[1].b, b->Y[1].b, a->n * sizeof a->Y[1]) == 0;
}
