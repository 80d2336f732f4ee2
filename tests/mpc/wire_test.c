/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "mpc/wire.h"

static envelope example(void)
{
	envelope e = { .round = 0x0102030405060708, .from = 3, .to = 63, .type = MSG_VALUE, .body = slice_str("abc") };

	for (unsigned i = 0; i < SID_BYTES; i++) e.sid.b[i] = (uint8_t)(0xa0 + i);
	return e;
}

static void an_envelope_has_these_bytes(void **state)
{
	static const uint8_t BYTES[] = {
		1, 2, 3, 63, 3, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1,
		0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, 'a', 'b', 'c',
	};
	AUTO(buf) b = { 0 };
	const envelope e = example();

	(void)state;
	envelope_write(&b, &e);
	assert_int_equal(b.n, sizeof BYTES);
	assert_memory_equal(b.p, BYTES, sizeof BYTES);
}

static void what_is_written_is_read(void **state)
{
	AUTO(buf) b = { 0 };
	envelope e = example(), back;

	(void)state;
	for (size_t n = 0; n < 3; n++) {
		e.body.n = n;
		buf_clear(&b);
		envelope_write(&b, &e);
		assert_true(envelope_read(&back, buf_slice(&b)));
		assert_true(sid_eq_var(&back.sid, &e.sid));
		assert_int_equal(back.round, e.round);
		assert_int_equal(back.from, e.from);
		assert_int_equal(back.to, e.to);
		assert_int_equal(back.type, e.type);
		assert_true(slice_eq_var(back.body, e.body));
	}
}

/* Changes one byte, or the length, of the example: it must be refused. */
static void refused(size_t at, uint8_t value)
{
	AUTO(buf) b = { 0 };
	const envelope e = example();
	envelope back;

	envelope_write(&b, &e);
	b.p[at] = value;
	assert_false(envelope_read(&back, buf_slice(&b)));
}

/* T-SIZE: no length from outside is believed before it is compared. */
static void anything_else_is_refused(void **state)
{
	AUTO(buf) b = { 0 };
	envelope e = example(), back;

	(void)state;
	refused(0, 0), refused(0, 2);                            /* version                          */
	refused(1, 0), refused(1, MSG_OPENING + 1);              /* type                             */
	refused(2, 0), refused(2, 64), refused(3, 0), refused(3, 255);     /* parties                */
	refused(4, 2), refused(4, 4), refused(7, 1);             /* a length that is not the body's  */
	envelope_write(&b, &e);
	memset(b.p + 8, 0, 8);
	assert_false(envelope_read(&back, buf_slice(&b)));       /* round 0                          */
	for (size_t n = 0; n < b.n; n++) assert_false(envelope_read(&back, slice_of(b.p, n)));
	buf_put_u8(&b, 0);
	b.p[8] = 1;
	assert_false(envelope_read(&back, buf_slice(&b)));       /* one byte too many                */
}

static void a_header_tells_how_much_follows_and_refuses_too_much(void **state)
{
	uint8_t header[ENVELOPE_HEADER];
	envelope e = example(), back;
	size_t body;

	(void)state;
	e.body.n = MAX_BODY;
	envelope_write_header(header, &e);
	assert_true(envelope_read_header(&back, &body, header));
	assert_int_equal(body, MAX_BODY);
	store32(header + 4, MAX_BODY + 1);
	assert_false(envelope_read_header(&back, &body, header));
}

TESTS(
	TEST(an_envelope_has_these_bytes),
	TEST(what_is_written_is_read),
	TEST(anything_else_is_refused),
	TEST(a_header_tells_how_much_follows_and_refuses_too_much)
)
