/* SPDX-License-Identifier: MIT */
/*
 * aws/xml.h -- the XML of S3's answers, by expat: elements and their text, nothing else.
 *
 * A document type is refused, and so there are no entities but the five of XML.  Attributes, comments and instructions are passed
 * over.  At most XML_DEPTH elements deep, XML_NAME bytes a name, XML_TEXT bytes of text an element.
 */
#ifndef ARCA_AWS_XML_H
#define ARCA_AWS_XML_H

#include "base/base.h"

enum { XML_DEPTH = 8, XML_NAME = 64, XML_TEXT = 4096, XML_PATH = XML_DEPTH * (XML_NAME + 1) };

/* Called at the end of each element.  path: "ListBucketResult/Contents/Key"; text: all that stands in it, but not in what it
 * contains.  False ends the reading. */
typedef bool (*xml_element)(void *ctx, const char *path, slice text);

/* ERR_REQUEST with a sentence if it is not such a document, or element() returned false. */
err  xml_read(slice document, xml_element element, void *ctx);

#endif
