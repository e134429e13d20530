// Command httpservice serves the products of a slow source, and asks it as seldom as it can:
//
//	go run ./examples/httpservice
//	curl localhost:8080/products/7                  # slow, and from then on fast
//	curl -X PUT 'localhost:8080/products/7?price=5' # changes it, and everybody sees the change
//	curl localhost:8080/stats
//
// It takes its configuration from where it is started: with REDIS_URL set, or a config.yaml that names a Redis, all
// processes share what one has loaded.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, "localhost:8080"); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, address string) error {
	caches, err := cachewright.Auto(ctx)
	if err != nil {
		return err
	}
	defer caches.Close()
	s, err := newService(caches, newCatalogue(200*time.Millisecond))
	if err != nil {
		return err
	}
	server := &http.Server{Addr: address, Handler: s.routes(), ReadHeaderTimeout: 5 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	log.Print("listening on http://", address)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// service answers requests.
type service struct {
	source   *catalogue
	caches   *cachewright.Caches
	products *cache.Cache[Product]
}

func newService(caches *cachewright.Caches, source *catalogue) (*service, error) {
	products, err := cachewright.Of[Product](caches, "default", cache.Namespace("product"))
	if err != nil {
		return nil, err
	}
	return &service{source: source, caches: caches, products: products}, nil
}

func (s *service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /products/{id}", s.show)
	mux.HandleFunc("PUT /products/{id}", s.change)
	mux.HandleFunc("GET /stats", s.stats)
	return mux
}

func (s *service) show(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	p, err := s.products.Fetch(r.Context(), id, func(ctx context.Context) (Product, error) {
		return s.source.product(ctx, id)
	})
	switch {
	case errors.Is(err, cache.ErrNotFound):
		http.Error(w, "no such product", http.StatusNotFound)
	case err != nil:
		log.Print(err)
		http.Error(w, "try again", http.StatusServiceUnavailable)
	default:
		answer(w, p)
	}
}

// change changes the source first and the cache after it, so that nobody caches what has just been replaced.
func (s *service) change(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	price, err := strconv.Atoi(r.FormValue("price"))
	if err != nil {
		http.Error(w, "price: write a whole number", http.StatusBadRequest)
		return
	}
	if err := s.source.setPrice(r.Context(), id, price); err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	if _, err := s.products.Delete(r.Context(), id); err != nil {
		log.Print(err) // the source has the new price; others may see the old one until it ends
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *service) stats(w http.ResponseWriter, _ *http.Request) { answer(w, s.caches.Stats()) }

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		log.Print(err)
	}
}
