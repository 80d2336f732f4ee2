/* SPDX-License-Identifier: MIT */
/* seal/sign.c -- digests in front of curve/secp.h. */
#include "seal/sign.h"
#include "sym/dsep.h"
#include "sym/sha2.h"

struct signer {
	secp_sk sk;
	secp_pk pk;
	eth_address address;
	secp *curve;
};

static eth_address address_of_plain(const uint8_t xy[static SECP_PK_PLAIN])
{
	const hash32 h = keccak256(slice_of(xy, SECP_PK_PLAIN));
	eth_address a;

	memcpy(a.b, h.b + sizeof h.b - sizeof a.b, sizeof a.b);
	return a;
}

eth_address address_of(const secp_pk *pk)
{
	uint8_t xy[SECP_PK_PLAIN];

	secp_pk_plain(xy, pk);
	return address_of_plain(xy);
}

err signer_new(signer **out, const secp_sk *sk, const rng *r)
{
	void *p;

	TRY(secret_alloc(&p, sizeof **out));
	signer *s = p;
	err e = secp_new(&s->curve, r);
	if (e != OK) {
		secret_release(s);
		return err_at(e, __FILE__, __LINE__);
	}
	s->sk = *sk;
	s->pk = secp_pk_of(s->curve, &s->sk);
	s->address = address_of(&s->pk);
	*out = s;
	return OK;
}

void signer_free(signer **s)
{
	if (!*s) return;
	secp_free(&(*s)->curve);
	secret_release(*s);
	*s = NULL;
}

const secp_pk *signer_pk(const signer *s)
{
	return &s->pk;
}

const eth_address *signer_address(const signer *s)
{
	return &s->address;
}

void signer_seed(uint8_t out[static SIGNER_SEED], const signer *s, uint32_t scheme)
{
	uint8_t head[5];
	xof x = dsep_begin("SIGKDERV");

	store32(head, scheme);
	head[4] = 1;
	xof_absorb(&x, slice_of(head, sizeof head));
	xof_absorb(&x, slice_of(s->sk.b, sizeof s->sk.b));
	xof_squeeze(&x, out, SIGNER_SEED);
	wipe(&x, sizeof x);
}

hash32 sign_internal_digest(const char *dsep, slice message)
{
	ASSERT(strlen(dsep) == DSEP_BYTES);
	AUTO(sha256_stream) h = sha256_begin();
	sha256_add(&h, slice_of(dsep, DSEP_BYTES));
	sha256_add(&h, message);
	return sha256_end(&h);
}

secp_sig sign_internal(const signer *s, const char *dsep, slice message)
{
	const hash32 digest = sign_internal_digest(dsep, message);
	return secp_sign(s->curve, &s->sk, digest.b);
}

bool sign_internal_ok_var(const secp_pk *by, const secp_sig *sig, const char *dsep, slice message)
{
	const hash32 digest = sign_internal_digest(dsep, message);
	return secp_verify_var(by, sig, digest.b);
}

secp_rsig sign_external(const signer *s, const hash32 *digest)
{
	return secp_sign_recoverable(s->curve, &s->sk, digest->b);
}

bool sign_external_by_var(eth_address *by, const secp_rsig *sig, const hash32 *digest)
{
	uint8_t xy[SECP_PK_PLAIN];

	if (!secp_recover_plain_var(xy, sig, digest->b)) return false;
	*by = address_of_plain(xy);
	return true;
}
