/* SPDX-License-Identifier: MIT */
/* seal/signcrypt.c -- sign, then encrypt; decrypt, then verify. */
#include "seal/signcrypt.h"
#include "sym/dsep.h"

static const char DSEP_SIGN[] = "USER_DEC", DSEP_HASH[] = "SIGNCRYP";

enum { READER = 20 + 32 };                                /* bytes of what put_reader puts */

static hash32 hash_of_key(const enc_key *k)
{
	return dsep_hash_length(DSEP_HASH, slice_of(k->ek, sizeof k->ek));
}

static hash32 hash_of_signer(const secp_pk *pk)
{
	return dsep_hash_length(DSEP_HASH, slice_of(pk->b, sizeof pk->b));
}

/* What is signed: msg || user || H_enc. */
static void put_reader(buf *b, const eth_address *user, const enc_key *k)
{
	const hash32 h_enc = hash_of_key(k);
	buf_put(b, user->b, sizeof user->b);
	buf_put(b, h_enc.b, sizeof h_enc.b);
}

void signcrypt(const signer *from, buf *out, const enc_key *to, const eth_address *user, const hash32 *link,
               int32_t fhe_type, slice plain, const rng *r)
{
	uint8_t m[MLKEM_SEED], ss[MLKEM_SS], nonce[GCM_NONCE];
	AUTO(buf) inner = { 0 };

	ASSERT(plain.n <= MAX_SIGNCRYPT_PLAIN);
	buf_reserve(&inner, SIGNCRYPT_INNER + plain.n);
	buf_put_u64(&inner, plain.n);
	buf_put_slice(&inner, plain);
	buf_put_u32(&inner, (uint32_t)fhe_type);
	buf_put_u64(&inner, sizeof link->b);
	buf_put(&inner, link->b, sizeof link->b);

	/* The reader's part is signed but not sent. */
	const size_t msg = inner.n;
	put_reader(&inner, user, to);
	const secp_sig sig = sign_internal(from, DSEP_SIGN, buf_slice(&inner));
	inner.n = msg;
	const hash32 h_vk = hash_of_signer(signer_pk(from));
	buf_put(&inner, sig.b, sizeof sig.b);
	buf_put(&inner, h_vk.b, sizeof h_vk.b);

	rng_fill(r, m, sizeof m);
	rng_fill(r, nonce, sizeof nonce);
	buf_put(out, nonce, sizeof nonce);
	buf_put_u64(out, MLKEM_512_CT);
	mlkem_encaps(&MLKEM_512, buf_grow(out, MLKEM_512_CT), ss, to->ek, m);
	buf_put_u64(out, inner.n + GCM_TAG);
	aes256_gcm_seal(buf_grow(out, inner.n + GCM_TAG), ss, nonce, (slice){ 0 }, buf_slice(&inner));
	wipe(m, sizeof m);
	wipe(ss, sizeof ss);
}

/* *inner = the decrypted bytes. */
static err open_envelope(buf *inner, const dec_key *dk, slice wire)
{
	uint8_t ss[MLKEM_SS];
	reader r = reader_of(wire);

	const slice nonce = read_bytes(&r, GCM_NONCE);
	const uint64_t kem_n = read_u64(&r);
	const slice kem = read_bytes(&r, MLKEM_512_CT);
	const uint64_t body_n = read_u64(&r);
	const slice body = read_bytes(&r, read_left(&r));
	if (!read_ok(&r) || kem_n != MLKEM_512_CT || body_n != body.n)
		return err_fail(ERR_REQUEST, "a signcrypted answer of %zu bytes is not nonce, ML-KEM-512 ciphertext and body",
		                wire.n);
	if (body.n < SIGNCRYPT_INNER + GCM_TAG || body.n > SIGNCRYPT_INNER + MAX_SIGNCRYPT_PLAIN + GCM_TAG)
		return err_fail(ERR_REQUEST, "a signcrypted answer has a body of %zu bytes; between %d and %d are possible",
		                body.n, SIGNCRYPT_INNER + GCM_TAG, SIGNCRYPT_INNER + MAX_SIGNCRYPT_PLAIN + GCM_TAG);

	mlkem_decaps(&MLKEM_512, ss, dk->dk, kem.p);
	const bool genuine = aes256_gcm_open(buf_grow(inner, body.n - GCM_TAG), ss, nonce.p, (slice){ 0 }, body);
	wipe(ss, sizeof ss);
	if (!genuine) return err_fail(ERR_REQUEST, "a signcrypted answer does not open with this decryption key");
	return OK;
}

err unsigncrypt(buf *out, int32_t *fhe_type, const dec_key *dk, const secp_pk *from, const eth_address *user,
                const hash32 *link, slice wire)
{
	AUTO(buf) inner = { 0 };
	secp_sig sig;

	TRY(open_envelope(&inner, dk, wire));
	reader r = reader_of(buf_slice(&inner));
	uint64_t plain_n = read_u64(&r);
	DECLASSIFY(&plain_n, sizeof plain_n, "the length of the plaintext is the length of the answer less a constant");
	if (plain_n != inner.n - SIGNCRYPT_INNER)
		return err_fail(ERR_REQUEST, "a signcrypted answer says that its plaintext has %llu bytes where %zu are there",
		                (unsigned long long)plain_n, inner.n - SIGNCRYPT_INNER);
	const slice plain = read_bytes(&r, (size_t)plain_n);
	const slice binding = { inner.p + r.at, 4 + 8 + sizeof link->b };
	DECLASSIFY(binding.p, binding.n, "type and link stand in the request");
	const uint32_t type = read_u32(&r);
	const uint64_t link_n = read_u64(&r);
	const slice its_link = read_bytes(&r, sizeof link->b);
	const size_t msg = r.at;
	const slice its_sig = read_bytes(&r, sizeof sig.b), its_h_vk = read_bytes(&r, 32);
	ASSERT(read_done(&r));                                  /* the lengths add up: checked above */
	DECLASSIFY(its_h_vk.p, its_h_vk.n, "the hash of a public key");

	const hash32 h_vk = hash_of_signer(from);
	if (!slice_eq_var(its_h_vk, hash32_slice(&h_vk)))
		return err_fail(ERR_REQUEST, "a signcrypted answer comes from another node than expected");
	if (link_n != sizeof link->b || !slice_eq_var(its_link, hash32_slice(link)))
		return err_fail(ERR_REQUEST, "a signcrypted answer belongs to another request: its link differs");

	AUTO(buf) signed_bytes = { 0 };
	const enc_key to = enc_key_of(dk);
	memcpy(sig.b, its_sig.p, sizeof sig.b);
	buf_reserve(&signed_bytes, msg + READER);
	buf_put(&signed_bytes, inner.p, msg);
	put_reader(&signed_bytes, user, &to);

	/*
	 * Nobody verifies in constant time; what verification computes with is digest / s and r / s.  To one who knows
	 * neither the node's key nor r and s, which travel encrypted, these tell nothing about the message.
	 */
	hash32 digest = sign_internal_digest(DSEP_SIGN, buf_slice(&signed_bytes));
	DECLASSIFY(&digest, sizeof digest, "meets only the signature, which is as unknown as the plaintext");
	DECLASSIFY(&sig, sizeof sig, "pseudorandom, used for this one verification");
	if (!secp_verify_var(from, &sig, digest.b))
		return err_fail(ERR_REQUEST, "a signcrypted answer is not signed by its node for this user and key");

	buf_put_slice(out, plain);
	*fhe_type = (int32_t)type;
	return OK;
}
