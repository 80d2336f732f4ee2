/* SPDX-License-Identifier: MIT */
/* evm/eip712.c -- words in, Keccak out. */
#include "evm/eip712.h"
#include "evm/address.h"

/* By what is left out (a contract) and what is added (a salt). */
static const char *const DOMAIN[2][2] = {
	{ "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
	  "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)" },
	{ "EIP712Domain(string name,string version,uint256 chainId)",
	  "EIP712Domain(string name,string version,uint256 chainId,bytes32 salt)" },
};

static err text_fits(const char *what, slice text)
{
	if (text.n > MAX_DOMAIN_TEXT)
		return err_fail(ERR_REQUEST, "the domain's %s has %zu bytes; at most %d are taken", what, text.n,
		                MAX_DOMAIN_TEXT);
	return OK;
}

err eip712_domain_read(eip712_domain *out, const eip712_domain_parts *parts)
{
	eip712_domain d = { .name = parts->name, .version = parts->version, .salted = parts->salted };

	TRY(text_fits("name", parts->name));
	TRY(text_fits("version", parts->version));
	TRY(abi_read(&d.chain_id, "the domain's chain_id", parts->chain_id));
	TRY(address_parse(&d.contract, "the domain's verifying_contract", parts->contract));
	if (d.salted) {
		if (parts->salt.n != DOMAIN_SALT)
			return err_fail(ERR_REQUEST, "the domain's salt has %zu bytes; it must have %d or be absent", parts->salt.n,
			                DOMAIN_SALT);
		memcpy(d.salt, parts->salt.p, DOMAIN_SALT);
	}
	*out = d;
	return OK;
}

hash32 eip712_separator(const eip712_domain *d)
{
	eip712_struct s = eip712_begin(DOMAIN[d->without_contract][d->salted]);
	eip712_put_bytes(&s, d->name);
	eip712_put_bytes(&s, d->version);
	eip712_put_word(&s, &d->chain_id);
	if (!d->without_contract) eip712_put_address(&s, &d->contract);
	if (d->salted) eip712_put_id(&s, d->salt);
	return eip712_end(&s);
}

static void put_hash(eip712_struct *s, hash32 h)
{
	xof_absorb(&s->words, hash32_slice(&h));
}

eip712_struct eip712_begin(const char *type)
{
	eip712_struct s = { xof_keccak256() };
	put_hash(&s, keccak256(slice_str(type)));
	return s;
}

void eip712_put_word(eip712_struct *s, const abi_word *w)
{
	xof_absorb(&s->words, abi_slice(w));
}

void eip712_put_id(eip712_struct *s, const uint8_t id[static 32])
{
	xof_absorb(&s->words, slice_of(id, 32));
}

void eip712_put_address(eip712_struct *s, const eth_address *a)
{
	const abi_word w = abi_address(a);
	eip712_put_word(s, &w);
}

void eip712_put_bytes(eip712_struct *s, slice content)
{
	put_hash(s, keccak256(content));
}

void eip712_put_words(eip712_struct *s, const abi_word *w, size_t n)
{
	xof all = xof_keccak256();
	for (size_t i = 0; i < n; i++) xof_absorb(&all, abi_slice(&w[i]));
	put_hash(s, xof_squeeze32(&all));
}

void eip712_put_addresses(eip712_struct *s, const eth_address *a, size_t n)
{
	xof all = xof_keccak256();
	for (size_t i = 0; i < n; i++) {
		const abi_word w = abi_address(&a[i]);
		xof_absorb(&all, abi_slice(&w));
	}
	put_hash(s, xof_squeeze32(&all));
}

hash32 eip712_end(eip712_struct *s)
{
	return xof_squeeze32(&s->words);
}

hash32 eip712_digest(const eip712_domain *d, eip712_struct *s)
{
	const hash32 separator = eip712_separator(d);

	return eip712_digest_in(&separator, s);
}

hash32 eip712_digest_in(const hash32 *separator, eip712_struct *s)
{
	const hash32 content = eip712_end(s);
	xof x = xof_keccak256();

	xof_absorb(&x, slice_of("\x19\x01", 2));
	xof_absorb(&x, hash32_slice(separator));
	xof_absorb(&x, hash32_slice(&content));
	return xof_squeeze32(&x);
}
