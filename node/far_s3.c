/* SPDX-License-Identifier: MIT */
/* node/far_s3.c -- names with their prefix, and what S3 answers as a far store says it. */
#include "node/far_s3.h"

_Static_assert((int)FAR_PREFIX + 1 + (int)FAR_NAME <= (int)S3_NAME && (int)FAR_TAG >= (int)S3_ETAG, "names and tags fit");

typedef struct full { char name[FAR_PREFIX + 1 + FAR_NAME]; } full;

static full full_name(const far_s3 *s, const char *name)
{
	full f;

	snprintf(f.name, sizeof f.name, "%s%s%s", s->prefix, s->prefix[0] ? "/" : "", name);
	return f;
}

static void stamp_of(far_stamp *out, const s3_info *info)
{
	if (!out) return;
	*out = (far_stamp){ .date_s = info->date_s };
	memcpy(out->tag, info->etag, sizeof info->etag);
}

static err get(void *ctx, buf *out, far_stamp *stamp, const char *name, size_t max)
{
	const far_s3 *s = ctx;
	s3_info info = { 0 };

	const err e = s3_get(out, &info, &s->bucket, full_name(s, name).name, max);
	stamp_of(stamp, &info);
	return e;
}

static err size(void *ctx, uint64_t *out, const char *name)
{
	const far_s3 *s = ctx;
	s3_info info;

	TRY(s3_head(&info, &s->bucket, full_name(s, name).name));
	*out = info.size;
	return OK;
}

static err get_into(void *ctx, uint8_t *room, size_t n, const char *name)
{
	const far_s3 *s = ctx;

	return s3_get_into(room, n, &s->bucket, full_name(s, name).name);
}

static err put(void *ctx, far_stamp *stamp, const char *name, slice bytes, far_condition condition, const char *same)
{
	const far_s3 *s = ctx;
	s3_info info = { 0 };
	bool again;

	TRY(s3_put(&info, &again, &s->bucket, full_name(s, name).name, bytes, condition == FAR_IF_NONE ? S3_IF_NONE : S3_IF_SAME, same));
	stamp_of(stamp, &info);
	return OK;
}

static err drop(void *ctx, const char *name)
{
	const far_s3 *s = ctx;

	return s3_delete(&s->bucket, full_name(s, name).name);
}

typedef struct listing { size_t prefix; bool (*each)(void *arg, const char *name, uint64_t size); void *arg; } listing;

static bool without_prefix(void *ctx, const char *name, uint64_t bytes)
{
	const listing *l = ctx;

	return strlen(name) <= l->prefix || l->each(l->arg, name + l->prefix, bytes);
}

static err list(void *ctx, bool (*each)(void *arg, const char *name, uint64_t size), void *arg)
{
	const far_s3 *s = ctx;
	const full prefix = full_name(s, "");
	listing l = { strlen(prefix.name), each, arg };

	return s3_list(&s->bucket, prefix.name, without_prefix, &l);
}

void far_s3_setup(far_store *out, far_s3 *s, aws *client, const char *bucket, const char *prefix)
{
	snprintf(s->name, sizeof s->name, "%s", bucket);
	snprintf(s->prefix, sizeof s->prefix, "%s", prefix);
	snprintf(s->where, sizeof s->where, "s3://%s%s%s", s->name, s->prefix[0] ? "/" : "", s->prefix);
	s->bucket = (s3_bucket){ client, s->name };
	*out = (far_store){ .ctx = s, .where = s->where, .get = get, .size = size, .get_into = get_into, .put = put, .remove = drop,
	                    .list = list };
}
