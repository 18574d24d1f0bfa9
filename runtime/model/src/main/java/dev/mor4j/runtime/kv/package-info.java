/** What a layer does with keys and values, and where these lie in a page. */
package dev.mor4j.runtime.kv;
