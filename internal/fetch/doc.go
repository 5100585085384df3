// Package fetch is the Microsoft Graph side: token, client, limits, paging and
// kinds of error, and one file per endpoint with its declaration and mapping.
// It must not know when anything is asked, nor connections to the database.
package fetch
