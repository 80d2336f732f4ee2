/* SPDX-License-Identifier: MIT */
#include "tests/kat/json.h"
#include "evm/address.h"
#include "evm/eip712.h"

/* The examples of EIP-55. */
static const char *const ADDRESSES[] = {
	"0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
	"0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
	"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
	"0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
};

static void published_addresses_are_read_and_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ADDRESSES); i++) {
		eth_address a;
		char text[ADDRESS_TEXT];
		assert_ok(address_parse(&a, "address", slice_str(ADDRESSES[i])));
		address_text(text, &a);
		assert_string_equal(text, ADDRESSES[i]);
	}
}

static void a_letter_of_the_wrong_size_is_refused(void **state)
{
	char text[ADDRESS_TEXT];
	eth_address a = { { 9 } };

	(void)state;
	for (size_t i = 2; i < ADDRESS_TEXT - 1; i++) {
		memcpy(text, ADDRESSES[4], sizeof text);
		text[i] = (char)(text[i] <= '9' ? text[i] : text[i] ^ 0x20);
		if (text[i] > '9') assert_err(ERR_REQUEST, address_parse(&a, "address", slice_str(text)));
		text[i] = text[i] == '1' ? '2' : '1';
		assert_err(ERR_REQUEST, address_parse(&a, "address", slice_str(text)));
	}
	assert_int_equal(a.b[0], 9);
}

static void anything_else_is_not_an_address(void **state)
{
	static const char *const BAD[] = {
		"", "0x", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0X5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
		"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAedd",
		"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg", " 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe",
		"0x0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
		"0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED",
	};
	eth_address a;

	(void)state;
	for (size_t i = 0; i < COUNT(BAD); i++) assert_err(ERR_REQUEST, address_parse(&a, "address", slice_str(BAD[i])));
}

static hash32 person(const char *name, const char *wallet)
{
	eip712_struct s = eip712_begin("Person(string name,address wallet)");
	eth_address a;
	assert_ok(address_parse(&a, "wallet", slice_str(wallet)));
	eip712_put_bytes(&s, slice_str(name));
	eip712_put_address(&s, &a);
	return eip712_end(&s);
}

/* The example of EIP-712 itself. */
static void the_standards_mail_has_the_standards_digest(void **state)
{
	const eip712_domain_parts parts = {
		.name = slice_str("Ether Mail"), .version = slice_str("1"), .chain_id = slice_of("\1", 1),
		.contract = slice_str("0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"),
	};
	uint8_t expected[32];
	eip712_domain d;

	(void)state;
	assert_ok(eip712_domain_read(&d, &parts));
	const hash32 separator = eip712_separator(&d);
	assert_true(hex_read(expected, 32, slice_str("f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f")));
	assert_memory_equal(separator.b, expected, 32);

	const hash32 from = person("Cow", "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826");
	const hash32 to = person("Bob", "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB");
	eip712_struct mail = eip712_begin("Mail(Person from,Person to,string contents)Person(string name,address wallet)");
	eip712_put_id(&mail, from.b);
	eip712_put_id(&mail, to.b);
	eip712_put_bytes(&mail, slice_str("Hello, Bob!"));
	const hash32 digest = eip712_digest(&d, &mail);
	assert_true(hex_read(expected, 32, slice_str("be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2")));
	assert_memory_equal(digest.b, expected, 32);
}

static void each_part_of_a_domain_is_checked(void **state)
{
	static char longest[MAX_DOMAIN_TEXT + 1];
	static uint8_t bytes[33];
	const eip712_domain_parts good = {
		.name = slice_str("Decryption"), .version = slice_str("1"), .chain_id = slice_of(bytes, 32),
		.contract = slice_str(ADDRESSES[0]), .salted = true, .salt = slice_of(bytes, 32),
	};
	eip712_domain_parts p;
	eip712_domain d;

	(void)state;
	memset(longest, 'x', sizeof longest);
	assert_ok(eip712_domain_read(&d, &good));
	p = good, p.name = slice_of(longest, MAX_DOMAIN_TEXT);
	assert_ok(eip712_domain_read(&d, &p));
	p.name.n++;
	assert_err(ERR_REQUEST, eip712_domain_read(&d, &p));
	p = good, p.version = slice_of(longest, MAX_DOMAIN_TEXT + 1);
	assert_err(ERR_REQUEST, eip712_domain_read(&d, &p));
	p = good, p.chain_id.n = 33;
	assert_err(ERR_REQUEST, eip712_domain_read(&d, &p));
	p = good, p.contract = slice_str("0x52908400098527886e0F7030069857D2E4169EE7");
	assert_err(ERR_REQUEST, eip712_domain_read(&d, &p));
	for (size_t n = 0; n <= 33; n++) {
		p = good, p.salt.n = n;
		if (n != 32) assert_err(ERR_REQUEST, eip712_domain_read(&d, &p));
	}
}

/* Made with ethers' TypedDataEncoder.hashDomain. */
static void a_salt_changes_the_domains_type(void **state)
{
	uint8_t salt[32], expected[32];
	memset(salt, 0xab, sizeof salt);
	const eip712_domain_parts parts = {
		.name = slice_str("Decryption"), .version = slice_str("1"), .chain_id = slice_of("\x2a\x94", 2),
		.contract = slice_str("0x66f9664f97F2b50F62D13eA064982f936dE76657"), .salted = true, .salt = slice_of(salt, 32),
	};
	eip712_domain d;

	(void)state;
	assert_ok(eip712_domain_read(&d, &parts));
	const hash32 separator = eip712_separator(&d);
	assert_true(hex_read(expected, 32, slice_str("05cabd4978545f506a4665f29601f50ef717273c00d80ddfbdd27a2dff842996")));
	assert_memory_equal(separator.b, expected, 32);
}

static void words_are_padded_on_the_left(void **state)
{
	const uint8_t le[3] = { 1, 2, 3 };
	abi_word w, zero = { 0 };
	uint8_t long_one[33] = { 0 };

	(void)state;
	w = abi_u64(0x0102030405060708);
	assert_memory_equal(w.b + 24, "\1\2\3\4\5\6\7\10", 8);
	assert_memory_equal(w.b, zero.b, 24);
	w = abi_little_endian(slice_of(le, 3));
	assert_memory_equal(w.b + 29, "\3\2\1", 3);
	assert_memory_equal(w.b, zero.b, 29);
	assert_ok(abi_read(&w, "number", slice_of(le, 3)));
	assert_memory_equal(w.b + 29, le, 3);
	assert_ok(abi_read(&w, "number", (slice){ 0 }));
	assert_memory_equal(w.b, zero.b, 32);
	assert_err(ERR_REQUEST, abi_read(&w, "number", slice_of(long_one, 33)));
}

TESTS(TEST(published_addresses_are_read_and_written), TEST(a_letter_of_the_wrong_size_is_refused),
      TEST(anything_else_is_not_an_address), TEST(the_standards_mail_has_the_standards_digest),
      TEST(each_part_of_a_domain_is_checked), TEST(a_salt_changes_the_domains_type), TEST(words_are_padded_on_the_left))
