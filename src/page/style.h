/* What the page has of its own: the files of src/page that are put into the program by tools/embed-text. */
#ifndef MAILSEAL_PAGE_STYLE_H
#define MAILSEAL_PAGE_STYLE_H

extern const char page_style[];         /* style.css */
extern const char page_shapes[];        /* shapes.svg: markers and patterns */
extern const char page_words[];         /* words.html: how to read the page */

#endif
