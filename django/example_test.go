package django_test

import (
	"context"
	"fmt"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/django"
	"github.com/cachewright/cachewright/store/memory"
)

type Product struct {
	Name  string  `json:"name"`
	Price float64 `json:"price"`
}

// A typed cache whose values Django reads: the same prefix, version and serializer on both sides.
func Example() {
	s, err := memory.New(memory.Options{}) // in production, a redis.Store
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	products, err := cache.New[Product](s, cache.Options{Prefix: "shop", Codec: django.Codec{Serializer: django.JSON}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := products.Set(ctx, "tea", Product{"Tea", 5}); err != nil {
		fmt.Println(err)
		return
	}
	key := django.Key("shop", 1, "tea")
	value, _, _ := s.Get(ctx, key)
	fmt.Printf("%s %s\n", key, value)
	// Output: shop:1:tea {"name": "Tea", "price": 5.0}
}

// A value as django-redis stores it, without a cache around it: here a pickled tuple.
func ExampleCodec_Unmarshal() {
	data, err := django.Codec{}.Marshal(django.Tuple{"a", nil})
	if err != nil {
		fmt.Println(err)
		return
	}
	var v any
	if err := (django.Codec{}).Unmarshal(data, &v); err != nil {
		fmt.Println(err)
		return
	}
	tuple, ok := v.(django.Tuple)
	fmt.Println(tuple, ok)
	// Output: [a <nil>] true
}
