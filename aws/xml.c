/* SPDX-License-Identifier: MIT */
/* aws/xml.c -- a stack of names, each with its text. */
#include "aws/xml.h"
#include <expat.h>
#include <limits.h>
#include <stdlib.h>

typedef struct level { size_t path; size_t text; } level;      /* how long path and text were before it */

typedef struct reading {
	XML_Parser  parser;
	xml_element element;
	void       *ctx;
	level       at[XML_DEPTH];
	unsigned    depth;
	char        path[XML_PATH];
	size_t      path_n;
	buf         text;                                      /* of the elements that are open, one after the other */
	const char *wrong;
} reading;

static void refuse(reading *r, const char *why)
{
	if (!r->wrong) r->wrong = why;
	XML_StopParser(r->parser, XML_FALSE);
}

static void begin(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
	reading *r = ctx;
	const size_t n = strlen(name);

	(void)attributes;
	if (r->wrong) return;
	if (r->depth == XML_DEPTH || n > XML_NAME) {
		refuse(r, "it has more levels, or longer names, than S3's answers");
		return;
	}
	r->at[r->depth] = (level){ r->path_n, r->text.n };
	if (r->depth++) r->path[r->path_n++] = '/';
	memcpy(r->path + r->path_n, name, n);
	r->path_n += n;
	r->path[r->path_n] = '\0';
}

static void end(void *ctx, const XML_Char *name)
{
	reading *r = ctx;

	(void)name;
	if (r->wrong) return;
	const level l = r->at[--r->depth];
	if (!r->element(r->ctx, r->path, slice_of(r->text.n ? r->text.p + l.text : NULL, r->text.n - l.text)))
		refuse(r, "it says what it should not");
	r->text.n = l.text;
	r->path[r->path_n = l.path] = '\0';
}

static void text(void *ctx, const XML_Char *s, int n)
{
	reading *r = ctx;

	if (r->wrong) return;
	if (!r->depth || r->text.n - r->at[r->depth - 1].text + (size_t)n > XML_TEXT) refuse(r, "a text in it is too long");
	else buf_put(&r->text, s, (size_t)n);
}

static void doctype(void *ctx, const XML_Char *name, const XML_Char *system, const XML_Char *public, int has_internal)
{
	(void)name, (void)system, (void)public, (void)has_internal;
	refuse(ctx, "it has a document type");
}

err xml_read(slice document, xml_element element, void *ctx)
{
	reading r = { .parser = XML_ParserCreate("UTF-8"), .element = element, .ctx = ctx };

	if (!r.parser) return err_fail(ERR_NOMEM, "no memory to read XML");
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, begin, end);
	XML_SetCharacterDataHandler(r.parser, text);
	XML_SetStartDoctypeDeclHandler(r.parser, doctype);
	const bool whole = document.n <= INT_MAX &&
	                   XML_Parse(r.parser, (const char *)document.p, (int)document.n, XML_TRUE) == XML_STATUS_OK;
	const char *why = r.wrong ? r.wrong : document.n > INT_MAX ? "it is too long" : XML_ErrorString(XML_GetErrorCode(r.parser));
	XML_ParserFree(r.parser);
	buf_free(&r.text);
	return whole && !r.wrong ? OK : err_fail(ERR_REQUEST, "this is not the XML of an answer: %s", why);
}
