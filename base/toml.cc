/* SPDX-License-Identifier: MIT */
/* base/toml.cc -- the only C++ here: toml++ on one side, plain calls on the other, no exception in between. */
#undef NDEBUG
#define TOML_EXCEPTIONS 0
#define TOML_ASSERT(x) static_assert(true)     /* some fail on text that the next line of the parser refuses properly: "[{" */
#define TOML_ENABLE_FORMATTERS 0
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <toml++/toml.h>
#include "base/toml.h"

namespace {

struct walker {
	bool (*each)(void *, const toml_leaf *);
	void *ctx;
	bool going;
	const char *refused;             /* why the text cannot be given out; nullptr: it can */
	unsigned arrays;                 /* around the present node */
	std::size_t list, row;           /* the outermost of them, as in toml_leaf */
};

void give(walker &w, const std::string &key, const toml::node &node)
{
	toml_leaf leaf = {};
	std::string text;

	leaf.key = key.c_str();
	leaf.line = node.source().begin.line;
	leaf.arrays = w.arrays;
	leaf.list = w.list;
	leaf.row = w.row;
	if (const auto *s = node.as_string()) {
		text = s->get();
		if (text.find('\0') != std::string::npos) {
			w.refused = "a text holds a zero character";
			w.going = false;
			return;
		}
		leaf.kind = TOML_TEXT;
		leaf.text = text.c_str();
	} else if (const auto *i = node.as_integer()) {
		leaf.kind = TOML_INTEGER;
		leaf.integer = i->get();
	} else if (const auto *b = node.as_boolean()) {
		leaf.kind = TOML_BOOL;
		leaf.integer = b->get();
	} else if (node.is_floating_point()) {
		leaf.kind = TOML_FLOAT;
	} else if (node.is_table() || node.is_array()) {
		leaf.kind = TOML_TABLE;
	} else {
		leaf.kind = TOML_TIME;
	}
	w.going = w.each(w.ctx, &leaf);
}

/* Recursion is bounded: the parser refuses nesting beyond 256. */
void walk(walker &w, const std::string &key, const toml::node &node);

void walk_array(walker &w, const std::string &key, const toml::array &array)
{
	std::size_t row = 0;

	if (w.arrays++ == 0) w.list = key.size();
	for (auto it = array.begin(); w.going && it != array.end(); ++it, row++) {
		if (w.arrays == 1) w.row = row;
		walk(w, key, *it);
	}
	if (--w.arrays == 0) w.list = w.row = 0;
}

void walk(walker &w, const std::string &key, const toml::node &node)
{
	const toml::table *table = node.as_table();
	const toml::array *array = node.as_array();

	if ((table && table->empty()) || (array && array->empty()) || (!table && !array)) {
		if (!key.empty()) give(w, key, node);
		return;
	}
	if (array) {
		walk_array(w, key, *array);
		return;
	}
	for (auto it = table->begin(); w.going && it != table->end(); ++it)
		walk(w, key.empty() ? std::string(it->first.str()) : key + "." + std::string(it->first.str()), it->second);
}

/* Moves p behind the text that begins there with the given quote, or to where it cannot go on. */
const char *skip_text(const char *p, const char *end, char quote)
{
	const bool escapes = quote == '"';
	if (end - p >= 3 && p[1] == quote && p[2] == quote) {
		for (p += 3; p < end; p += escapes && *p == '\\' && end - p > 1 ? 2 : 1)
			if (end - p >= 3 && p[0] == quote && p[1] == quote && p[2] == quote) {
				for (p += 3; p < end && *p == quote; p++) {}       /* up to two more belong to the text */
				return p;
			}
		return end;
	}
	for (p++; p < end && *p != '\n' && *p != '\r'; p += escapes && *p == '\\' && end - p > 1 ? 2 : 1)
		if (*p == quote) return p + 1;
	return p;
}

/*
 * Where the first byte beyond ASCII outside of texts and comments is; nullptr: nowhere.  TOML allows none, but the
 * parser first asks whether it is white space, of a table that has no answer for every character.
 */
const char *foreign_byte(const char *p, const char *end)
{
	while (p < end) {
		if (*p == '#') while (p < end && *p != '\n') p++;
		else if (*p == '"' || *p == '\'') p = skip_text(p, end, *p);
		else if (static_cast<unsigned char>(*p) >= 0x80) return p;
		else p++;
	}
	return nullptr;
}

}

extern "C" bool toml_walk(char *why, size_t room, const char *text, size_t n, bool (*each)(void *, const toml_leaf *), void *ctx)
{
	if (const char *at = foreign_byte(text, text + n)) {
		std::snprintf(why, room, "line %td: only texts and comments may hold characters beyond ASCII", 1 + std::count(text, at, '\n'));
		return false;
	}
	toml::parse_result parsed = toml::parse(std::string_view(text, n));
	if (!parsed) {
		const auto &e = parsed.error();
		std::snprintf(why, room, "line %u: %.*s", e.source().begin.line, static_cast<int>(e.description().size()),
		              e.description().data());
		return false;
	}
	walker w = { each, ctx, true, nullptr, 0, 0, 0 };
	walk(w, "", parsed.table());
	if (w.refused) std::snprintf(why, room, "%s", w.refused);
	return !w.refused;
}
