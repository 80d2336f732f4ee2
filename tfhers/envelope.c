/* SPDX-License-Identifier: MIT */
/* tfhers/envelope.c -- the header of a file. */
#include "tfhers/envelope.h"
#include "tfhers/tfhers.h"

static const char HEADER_VERSION[] = "0.5", SCHEME_VERSION[] = "0.1";
enum { VERSIONED, UNVERSIONED };

static void put_string(buf *out, const char *s)
{
	buf_put_u64(out, strlen(s));
	buf_put_str(out, s);
}

static slice read_string(reader *r, size_t most)
{
	uint64_t n = read_u64(r);
	return n <= most ? read_bytes(r, (size_t)n) : (r->refused = true, (slice){ 0 });
}

shown_name envelope_shown(slice s)
{
	shown_name out = { 0 };
	for (size_t i = 0; i < size_min(s.n, sizeof out.text - 1); i++)
		out.text[i] = s.p[i] >= 0x20 && s.p[i] < 0x7f ? (char)s.p[i] : '?';
	return out;
}

err tfhers_envelope_read(slice *name, reader *body, slice file)
{
	if (file.n > MAX_TFHERS_FILE)
		return err_fail(ERR_REQUEST, "the file has %zu bytes, at most %zu are read", file.n, MAX_TFHERS_FILE);

	reader r = reader_of(file);
	slice header = read_string(&r, 16);
	uint32_t mode = read_u32(&r);
	slice scheme = read_string(&r, 16);
	slice type = read_string(&r, MAX_TYPE_NAME);
	if (!read_ok(&r))
		return err_fail(ERR_REQUEST, "this is not an object of TFHE-rs: its header is cut off or has impossible lengths");
	if (!slice_eq_var(header, slice_str(HEADER_VERSION)))
		return err_fail(ERR_REQUEST, "header version \"%s\" at byte 8, \"%s\" is read here", envelope_shown(header).text,
		                HEADER_VERSION);
	if (mode != VERSIONED)
		return err_fail(ERR_REQUEST, "serialization mode %u at byte 11, only 0 (versioned) is read here", mode);
	if (!slice_eq_var(scheme, slice_str(SCHEME_VERSION)))
		return err_fail(ERR_REQUEST, "versioning scheme \"%s\" at byte 23, \"%s\" is read here", envelope_shown(scheme).text,
		                SCHEME_VERSION);
	*name = type;
	*body = r;
	return OK;
}

void tfhers_envelope_write(buf *out, const char *name)
{
	put_string(out, HEADER_VERSION);
	buf_put_u32(out, VERSIONED);
	put_string(out, SCHEME_VERSION);
	put_string(out, name);
}

size_t envelope_length(const char *name)
{
	return 26 + 8 + strlen(name);
}
