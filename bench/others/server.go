// The four lines from Go's net/http with its default settings.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
)

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

func index(w http.ResponseWriter, r *http.Request) {
	peer, _, _ := net.SplitHostPort(r.RemoteAddr)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w,
		"It's easier to ask forgiveness than it is to get permission.\nX-Forwarded-For: %s\nX-Real-IP: %s\nX-Forwarded-Proto: %s\n",
		or(r.Header.Get("X-Forwarded-For"), peer),
		or(r.Header.Get("X-Real-IP"), peer),
		or(r.Header.Get("X-Forwarded-Proto"), "http"))
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: server PORT")
	}
	http.HandleFunc("/{$}", index)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
